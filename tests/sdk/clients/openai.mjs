// openai.mjs: the official OpenAI client, chat completions
import process from 'node:process';
import OpenAI, { APIUserAbortError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

export const client = new OpenAI({
  baseURL: process.env.LLMGW_URL, apiKey: 'of-the-client', maxRetries: 0,
});
const stops = { stop: 'end', length: 'length', tool_calls: 'tools' };

const functionTool = (t, more) => ({
  type: 'function',
  function: {
    name: t.name, description: t.description, parameters: z.toJSONSchema(t.schema), ...more,
  },
});

function userTurn(ask) {
  if (!ask.image) return { role: 'user', content: ask.prompt };
  return { role: 'user', content: [{ type: 'text', text: ask.prompt },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${ask.image}` } }] };
}

function newTurns(ask) {
  if (ask.results) {
    return ask.results.map(({ call, value }) => ({ role: 'tool', tool_call_id: call.id, content: value }));
  }
  return [...(ask.system ? [{ role: 'system', content: ask.system }] : []), userTurn(ask)];
}

const params = (ask) => ({
  model: ask.model,
  messages: [...(ask.after?.turns ?? []), ...newTurns(ask)],
  max_completion_tokens: ask.maxTokens,
  reasoning_effort: ask.think ? 'medium' : undefined,
  tools: ask.tools?.map((t) => functionTool(t)),
  response_format: ask.schema && zodResponseFormat(ask.schema, 'answer'),
});

function toAnswer(body, completion) {
  const [{ message, finish_reason: finish }] = completion.choices;
  return {
    text: message.content ?? '',
    thinking: message.reasoning_content,
    object: message.parsed,
    calls: (message.tool_calls ?? []).map((c) => ({
      id: c.id, name: c.function.name, args: JSON.parse(c.function.arguments),
    })),
    stop: stops[finish],
    usage: { input: completion.usage.prompt_tokens, output: completion.usage.completion_tokens },
    turns: [...body.messages, message],
  };
}

async function streamed(body, { signal, onText }) {
  const run = client.chat.completions.stream(
    { ...body, stream_options: { include_usage: true } }, { signal });
  // The helper joins what OpenAI's own API has; the rest an application does
  let thinking = '';
  const details = [];
  run.on('chunk', ({ choices: [choice] }) => {
    thinking += choice?.delta.reasoning_content ?? '';
    details.push(...(choice?.delta.reasoning_details ?? []));
  });
  if (onText) run.on('content', onText);
  const completion = await run.finalChatCompletion();
  const [{ message }] = completion.choices;
  if (thinking) message.reasoning_content = thinking;
  if (details.length) message.reasoning_details = details;
  return toAnswer(body, completion);
}

export default {
  name: 'openai',
  speaks: 'openai',
  cannot: { 'signature lost': 'it keeps what was signed' },

  async ask(ask, { stream, ...options }) {
    const body = params(ask);
    if (stream) return streamed(body, options);
    const { chat } = client;
    return toAnswer(body, await (ask.schema ? chat.completions.parse(body, options)
      : chat.completions.create(body, options)));
  },

  async loop(ask, { stream }) {
    const runner = client.chat.completions.runTools({
      ...params(ask), stream,
      tools: ask.tools.map((t) => functionTool(t, { parse: JSON.parse, function: t.run })),
    });
    return { text: await runner.finalContent() };
  },

  problem: (e) => ({ status: e.status, message: e.message, aborted: e instanceof APIUserAbortError }),
};

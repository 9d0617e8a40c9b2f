// anthropic.mjs: the official Anthropic client, messages
import process from 'node:process';
import Anthropic, { APIUserAbortError } from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';

export const client = new Anthropic({
  baseURL: process.env.LLMGW_URL.replace(/\/v1$/, ''), apiKey: 'of-the-client', maxRetries: 0,
});
const stops = { end_turn: 'end', max_tokens: 'length', tool_use: 'tools' };

function newContent(ask) {
  if (ask.results) {
    return ask.results.map(({ call, value }) => ({
      type: 'tool_result', tool_use_id: call.id, content: value,
    }));
  }
  if (!ask.image) return ask.prompt;
  return [{ type: 'text', text: ask.prompt },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: ask.image } }];
}

const params = (ask) => ({
  model: ask.model,
  max_tokens: ask.maxTokens ?? 100,
  system: ask.system,
  messages: [...(ask.after?.turns ?? []), { role: 'user', content: newContent(ask) }],
  thinking: ask.think ? { type: 'enabled', budget_tokens: 2000 } : undefined,
  tools: ask.tools?.map((t) => ({
    name: t.name, description: t.description, input_schema: z.toJSONSchema(t.schema),
  })),
  output_config: ask.schema && { format: zodOutputFormat(ask.schema) },
});

function toAnswer(body, message) {
  const of = (type, member) => message.content.filter((b) => b.type === type)
    .map((b) => b[member]).join('');
  return {
    text: of('text', 'text'),
    thinking: of('thinking', 'thinking'),
    object: message.parsed_output,
    calls: message.content.filter((b) => b.type === 'tool_use')
      .map((b) => ({ id: b.id, name: b.name, args: b.input })),
    stop: stops[message.stop_reason],
    usage: {
      input: message.usage.input_tokens + (message.usage.cache_read_input_tokens ?? 0),
      output: message.usage.output_tokens,
    },
    turns: [...body.messages, { role: 'assistant', content: message.content }],
  };
}

export default {
  name: '@anthropic-ai/sdk',
  speaks: 'anthropic',
  cannot: { 'signature lost': 'it keeps what was signed' },

  async ask(ask, { stream, onText, ...options }) {
    const body = params(ask);
    if (!stream) return toAnswer(body, await client.messages.parse(body, options));
    const run = client.messages.stream(body, options);
    if (onText) run.on('text', onText);
    return toAnswer(body, await run.finalMessage());
  },

  async loop(ask, { stream }) {
    const { tools, ...body } = params(ask);
    const message = await client.beta.messages.toolRunner({
      ...body, stream,
      tools: ask.tools.map((t) => betaZodTool({
        name: t.name, description: t.description, inputSchema: t.schema, run: t.run,
      })),
    });
    return toAnswer(body, message);
  },

  problem: (e) => ({ status: e.status, message: e.message, aborted: e instanceof APIUserAbortError }),
};

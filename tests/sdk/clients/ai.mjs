// ai.mjs: the AI SDK, with each of its providers that speaks an API of the gateway's
import process from 'node:process';
import {
  APICallError, Output, generateText, isStepCount, streamText, tool,
} from 'ai';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenResponses } from '@ai-sdk/open-responses';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';

globalThis.AI_SDK_LOG_WARNINGS = false;     // of models it does not know by name

const baseURL = process.env.LLMGW_URL;
const apiKey = 'of-the-client';
const stops = { stop: 'end', length: 'length', 'tool-calls': 'tools' };

function newTurns(ask) {
  if (ask.results) {
    return [{ role: 'tool', content: ask.results.map(({ call, value }) => ({
      type: 'tool-result', toolCallId: call.id, toolName: call.name,
      output: { type: 'text', value },
    })) }];
  }
  return [{ role: 'user', content: [{ type: 'text', text: ask.prompt },
    ...(ask.image ? [{ type: 'file', mediaType: 'image/png', data: ask.image }] : [])] }];
}

const toTools = (tools, runs) => tools && Object.fromEntries(tools.map((t) => [t.name, tool({
  description: t.description, inputSchema: t.schema, execute: runs ? async (args) => t.run(args) : undefined,
})]));

const params = (row, ask, signal, runs) => ({
  model: row.model(ask.model),
  maxRetries: 0,
  abortSignal: signal,
  instructions: ask.system,
  messages: [...(ask.after?.turns ?? []), ...newTurns(ask)],
  maxOutputTokens: ask.maxTokens,
  providerOptions: row.options?.(ask),
  reasoning: ask.think ? 'medium' : undefined,
  tools: toTools(ask.tools, runs),
  output: ask.schema && Output.object({ schema: ask.schema }),
});

async function toAnswer(ask, messages, result) {
  const { messages: added } = await result.response;
  const usage = await result.usage;
  return {
    text: await result.text,
    thinking: await result.reasoningText,
    object: ask.schema && await result.output,
    calls: (await result.toolCalls).map((c) => ({ id: c.toolCallId, name: c.toolName, args: c.input })),
    stop: stops[await result.finishReason],
    usage: { input: usage.inputTokens, output: usage.outputTokens },
    turns: [...messages, ...added],
  };
}

/** Read all of it; an error in the stream is thrown as one. */
async function drain(result, onText) {
  for await (const part of result.stream) {
    if (part.type === 'text-delta') onText?.(part.text);
    if (part.type === 'error') throw part.error;
    if (part.type === 'abort') throw new DOMException('left', 'AbortError');
  }
  return result;
}

const run = (row, body, { stream, onText }) => (stream
  ? drain(streamText({ ...body, onError: () => {} }), onText) : generateText(body));

/** A row of the table: name, speaks, model(id), options(ask), cannot. */
const client = (row) => ({
  ...row,

  async ask(ask, { signal, ...how }) {
    const body = params(row, ask, signal);
    return toAnswer(ask, body.messages, await run(row, body, how));
  },

  async loop(ask, how) {
    const body = { ...params(row, ask, undefined, true), stopWhen: isStepCount(5) };
    return toAnswer(ask, body.messages, await run(row, body, how));
  },

  problem: (e) => ({
    status: APICallError.isInstance(e) ? e.statusCode : undefined,
    message: e.message ?? String(e),
    aborted: e.name === 'AbortError',
  }),
});

const openai = createOpenAI({ baseURL, apiKey });
const open = createOpenResponses({ name: 'gateway', url: `${baseURL}/responses`, apiKey });
const compatible = createOpenAICompatible({
  name: 'gateway', baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true,
});
const anthropic = createAnthropic({ baseURL, apiKey });
const google = createGoogle({ baseURL: baseURL.replace(/\/v1$/, '/v1beta'), apiKey });

const keeps = { 'signature lost': 'it keeps what was signed' };
const reasoningUnsigned = 'it keeps the signatures of calls, not of reasoning';
// extra_content, where Responses have a call's signature, is of no client's
const callsUnsigned = 'it keeps the signatures of reasoning, not of calls';
const unsigned = { openai: callsUnsigned, gemini: callsUnsigned };
const all = (why, ...names) => Object.fromEntries(
  names.flatMap((name) => [[name, why], [`${name}, streamed`, why]]));

export default [
  client({
    name: '@ai-sdk/openai chat', speaks: 'openai', model: (id) => openai.chat(id),
    cannot: {
      ...all('it reads no reasoning from chat completions', 'reasoning'),
      ...all('it keeps no signatures', 'signature'),
    },
  }),
  client({
    name: '@ai-sdk/openai responses', speaks: 'openai-responses', model: (id) => openai.responses(id),
    cannot: { ...keeps, ...all(unsigned, 'signature') },
    options: (ask) => ({ openai: { store: false, ...(ask.think && {
      forceReasoning: true, reasoningSummary: 'auto', include: ['reasoning.encrypted_content'] }) } }),
  }),
  client({
    name: '@ai-sdk/open-responses', speaks: 'openai-responses', model: (id) => open(id),
    cannot: { ...keeps, ...all(unsigned, 'signature'),
      ...all('it reads no error whose param is null, as OpenAI\'s are', 'error') },
  }),
  client({
    name: '@ai-sdk/openai-compatible', speaks: 'openai', model: (id) => compatible(id),
    cannot: {
      ...all({ anthropic: reasoningUnsigned, 'openai-responses': reasoningUnsigned }, 'signature'),
      'signature lost': { openai: keeps['signature lost'], gemini: keeps['signature lost'] },
    },
  }),
  client({
    name: '@ai-sdk/anthropic', speaks: 'anthropic', model: (id) => anthropic(id), cannot: keeps,
    options: (ask) => ({ anthropic: {
      structuredOutputMode: 'outputFormat',
      ...(ask.think && { thinking: { type: 'enabled', budgetTokens: 2000 } }),
    } }),
  }),
  client({
    name: '@ai-sdk/google', speaks: 'gemini', model: (id) => google(`models/${id}`), cannot: keeps,
    options: (ask) => ({ google: ask.think ? { thinkingConfig: { includeThoughts: true } } : {} }),
  }),
];

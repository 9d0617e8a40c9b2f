// providers.mjs: the kinds of provider behind the gateway, and what each of them was sent
import assert from 'node:assert/strict';
import process from 'node:process';
import { schemas } from './schemas.mjs';

const upstream = process.env.LLMGW_UPSTREAM;

const list = (value) => (Array.isArray(value) ? value : []);
const blocks = (content) => (typeof content === 'string' ? [{ type: 'text', text: content }] : list(content));
const text = (content, between = '') => blocks(content).filter((b) => b.text && !b.thought)
  .map((b) => b.text).join(between);
const of = (messages, ...roles) => list(messages).filter((m) => roles.includes(m.role));
const base64 = (url) => url?.replace(/^data:[^,]*;base64,/, '');
const some = (values) => values.filter((v) => v !== undefined && v !== null);

/*
 * What stands in a request, in one form for all kinds:
 *   system   string            users    [string], without tool results
 *   images   [base64]          tools    [{ name, parameters }]
 *   calls    [{ name, args }]  results  [string]
 *   schema   of a structured answer, or undefined
 *   thinks   is thinking asked for?
 *   signed   [signature]: what the provider signed, come back to it
 */
const read = {
  openai(body) {
    const calls = list(body.messages).flatMap((m) => list(m.tool_calls));
    return {
      system: of(body.messages, 'system', 'developer').map((m) => text(m.content, '\n')).join('\n'),
      users: of(body.messages, 'user').map((m) => text(m.content)),
      images: some(list(body.messages).flatMap((m) => blocks(m.content))
        .map((b) => base64(b.image_url?.url))),
      tools: list(body.tools).map((t) => ({ name: t.function.name, parameters: t.function.parameters })),
      calls: calls.map((c) => ({ name: c.function.name, args: JSON.parse(c.function.arguments) })),
      results: of(body.messages, 'tool').map((m) => text(m.content)),
      schema: body.response_format?.json_schema?.schema,
      thinks: body.reasoning_effort !== undefined,
      signed: some(calls.map((c) => c.extra_content?.google?.thought_signature)),
    };
  },

  anthropic(body) {
    const all = list(body.messages).flatMap((m) => blocks(m.content));
    const typed = (type) => all.filter((b) => b.type === type);
    return {
      system: text(body.system, '\n'),
      users: of(body.messages, 'user').map((m) => text(m.content)).filter((t) => t),
      images: typed('image').map((b) => b.source.data),
      tools: list(body.tools).map((t) => ({ name: t.name, parameters: t.input_schema })),
      calls: typed('tool_use').map((b) => ({ name: b.name, args: b.input })),
      results: typed('tool_result').map((b) => text(b.content)),
      schema: body.output_config?.format?.schema,
      thinks: ['enabled', 'adaptive'].includes(body.thinking?.type),
      signed: some(typed('thinking').map((b) => b.signature)),
    };
  },

  responses(body) {
    const items = typeof body.input === 'string' ? [{ role: 'user', content: body.input }]
      : list(body.input);
    const typed = (type) => items.filter((i) => i.type === type);
    return {
      system: [{ content: body.instructions }, ...of(items, 'system', 'developer')]
        .map((m) => text(m.content, '\n')).filter((t) => t).join('\n'),
      users: of(items, 'user').map((m) => text(m.content)),
      images: some(items.flatMap((m) => blocks(m.content)).map((b) => base64(b.image_url))),
      tools: list(body.tools).map((t) => ({ name: t.name, parameters: t.parameters })),
      calls: typed('function_call').map((c) => ({ name: c.name, args: JSON.parse(c.arguments) })),
      results: typed('function_call_output').map((r) => text(r.output)),
      schema: body.text?.format?.schema,
      thinks: body.reasoning !== undefined,
      signed: some(typed('reasoning').map((r) => r.encrypted_content)),
    };
  },

  gemini(body) {
    const all = list(body.contents).flatMap((c) => list(c.parts));
    const config = body.generationConfig ?? {};
    return {
      system: text(body.systemInstruction?.parts, '\n'),
      users: of(body.contents, 'user').map((c) => text(c.parts)).filter((t) => t),
      images: some(all.map((p) => p.inlineData?.data)),
      tools: list(body.tools).flatMap((t) => list(t.functionDeclarations))
        .map((f) => ({ name: f.name, parameters: f.parametersJsonSchema ?? f.parameters })),
      calls: some(all.map((p) => p.functionCall)).map((c) => ({ name: c.name, args: c.args ?? {} })),
      results: some(all.map((p) => p.functionResponse)).map((r) => JSON.stringify(r.response)),
      schema: config.responseJsonSchema ?? config.responseSchema,
      thinks: config.thinkingConfig !== undefined,
      signed: some(all.map((p) => p.thoughtSignature)),
    };
  },
};

const requests = {
  openai: schemas?.chat.request,
  anthropic: schemas?.messages.request,
};

function assertValid({ form, body }) {
  const wrong = requests[form]?.(body) ?? [];
  assert.equal(wrong.length, 0, `sent to the provider: ${wrong.join('\n')}\n${JSON.stringify(body)}`);
}

/**
 * What the upstream was sent by requests whose model has the tag, as above; and
 * stream, key (its SHA-256). Not those it refused as it keeps no threads. What
 * the gateway has written itself must be valid by the provider's schema.
 */
export async function received(tag, isWritten) {
  const stats = await (await fetch(`${upstream}/_stats?tag=${tag}`)).json();
  if (isWritten) stats.requests.forEach(assertValid);
  return stats.requests.filter((r) => !r.body.thread).map((r) => ({
    ...read[r.form](r.body), stream: Boolean(r.stream), key: r.key, how: r.how, done: r.done,
  }));
}

/*
 * model(name): what to ask for so that the mock plays that scenario.
 * signature: what it signs with. cannot: { feature: reason }
 */
const scripted = (pin, signature = 'c2lnbmF0dXJl') => ({
  model: (name) => `${pin}/${name}`, signature,
});
const silent = 'echo makes no errors';

export const providers = {
  openai: scripted('mock'),
  anthropic: scripted('claude'),
  'openai-responses': scripted('resp', 'gAAAAABmock-_opaque=='),
  gemini: scripted('gemini'),
  echo: {
    model: (name) => (/^(slow|stall)/.test(name) ? 'slowecho/any' : 'echo/any'),
    echo: true,
    cannot: {
      reasoning: 'echo does not think',
      'reasoning, streamed': 'echo does not think',
      signature: 'echo signs nothing',
      'signature, streamed': 'echo signs nothing',
      'signature lost': 'echo signs nothing',
      error: silent,
      'error, streamed': silent,
      'error in a stream': silent,
      'structured output by a tool': 'echo finds no arguments in prose',
    },
  },
};

// schemas.test.mjs: what the gateway writes is valid by the APIs' own schemas
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { fixtures, kinds } from './fixtures.mjs';
import { note } from './harness.mjs';
import { providers } from './providers.mjs';
import { load } from './schemas.mjs';
import { ask, dialects, events } from './wire.mjs';

const dir = process.env.LLMGW_FIXTURES;

// What clients and servers of OpenAI's API know beyond its own schema: reasoning,
// Google's signatures of calls, annotations in streams; and the gateway's id of
// the request in errors
function extendOpenAI(d) {
  const add = (name, members) => Object.assign(d[name].properties, members);
  const string = { type: 'string' };
  const array = { type: 'array' };
  for (const name of ['ChatCompletionResponseMessage', 'ChatCompletionStreamResponseDelta']) {
    add(name, { reasoning_content: string, reasoning_details: array });
  }
  for (const name of ['ChatCompletionMessageToolCall', 'ChatCompletionMessageToolCallChunk']) {
    add(name, { extra_content: { type: 'object' } });
  }
  const { annotations } = d.ChatCompletionResponseMessage.properties;
  add('ChatCompletionStreamResponseDelta', { annotations: structuredClone(annotations) });
  add('ErrorResponse', { request_id: string });
}

// Anthropic's documentation has a kind of error that its client's types have not
function extendAnthropic(d) {
  d.ErrorObject.anyOf.push({
    type: 'object', required: ['type', 'message'],
    properties: { type: { const: 'request_too_large' }, message: { type: 'string' } },
  });
}

/** Per API: what a whole answer, an event and an error must be. */
function loadAll() {
  const at = path.join(dir, '../data/schemas');
  const openai = load(at, 'openai-subset.json', extendOpenAI);
  const anthropic = load(at, 'anthropic.json', extendAnthropic);
  const gemini = load(at, 'gemini.json')('GeminiResponse');
  return {
    chat: {
      whole: openai('CreateChatCompletionResponse'),
      event: openai('CreateChatCompletionStreamResponse'),
      error: openai('ErrorResponse'),
    },
    messages: {
      whole: anthropic('Message'),
      event: anthropic('RawMessageStreamEvent'),
      error: anthropic('ErrorResponse'),
    },
    gemini: { whole: gemini, event: gemini, error: () => [] },
  };
}

const native = { openai: 'chat', anthropic: 'messages', gemini: 'gemini' };
const counts = {};

function check(schemas, dialect, kind, what, value) {
  const wrong = schemas[dialect][what](value);
  counts[dialect] ??= {};
  counts[dialect][kind] = (counts[dialect][kind] ?? 0) + 1;
  assert.equal(wrong.length, 0, `${wrong.join('\n')}\n${JSON.stringify(value)}`);
}

const notes = [(e) => e === '[DONE]', (e) => e === '{"type":"ping"}'];

async function validate(schemas, { dialect, kind, model, more }, stream) {
  const res = await ask(dialect, model, stream, more);
  if (!res.isStream) {
    const what = res.status === 200 ? 'whole' : 'error';
    check(schemas, dialect, kind, what, JSON.parse(res.text));
    return;
  }
  for (const data of events(res.text).filter((e) => !notes.some((is) => is(e)))) {
    const event = JSON.parse(data);
    check(schemas, dialect, kind, event.error ? 'error' : 'event', event);
  }
}

// A member too many is seen, wherever it is
async function assertStrict(schemas) {
  const paths = {
    chat: ['choices.0.x', 'choices.0.message.x', 'usage.x', 'x'],
    messages: ['content.0.x', 'usage.x', 'x'],
    gemini: ['candidates.0.x', 'candidates.0.content.parts.0.x', 'usageMetadata.x', 'x'],
  };
  for (const dialect of dialects) {
    const { text } = await ask(dialect, 'echo/any', false);
    for (const place of paths[dialect]) {
      const value = JSON.parse(text);
      const steps = place.split('.');
      steps.slice(0, -1).reduce((v, step) => v[step], value)[steps.at(-1)] = 1;
      assert.equal(schemas[dialect].whole(value).length > 0, true, `${dialect}: ${place}`);
    }
  }
}

/** Where the gateway only passes bytes on, they are the provider's. */
const writes = (kind) => dialects.filter((d) => d !== native[kind]);

const scenarios = ['ok', 'words,n=20', 'tools', 'parallel-tools', 'odd-tools', 'text-and-tool',
  'signed-tools', 'reasoning', 'json', 'length', 'utf8-split', 'no-usage', 'error-middle', 'cut',
  ...[400, 401, 404, 413, 422, 429, 500, 503, 529].map((code) => `status,code=${code}`)];

/** What to ask for: { dialect, kind, model, name, more }, the last for the body. */
function* cases() {
  for (const [recorded, kind] of Object.entries(kinds)) {
    for (const f of fixtures(dir, recorded)) {
      for (const dialect of writes(kind)) {
        yield { dialect, kind, model: `${f.id}/${f.model || 'any'}`,
          name: `${f.id} (${f.mode} ${f.status} ${f.features})` };
      }
    }
  }
  for (const [kind, provider] of Object.entries(providers)) {
    for (const dialect of writes(kind)) {
      for (const name of provider.echo ? ['ok'] : scenarios) {
        yield { dialect, kind, model: provider.model(name), name };
      }
    }
  }
  yield { dialect: 'chat', kind: 'gemini', model: providers.gemini.model('sensible'),
    name: 'logprobs of two choices', more: { logprobs: true, n: 2 } };
}

if (!dir) {
  test('schemas: none beside this checkout', () => {});
} else {
  const schemas = loadAll();
  test('the schemas are strict', () => assertStrict(schemas));
  for (const c of cases()) {
    for (const stream of [false, true]) {
      test(`${c.dialect} of ${c.kind}: ${c.name}${stream ? ', streamed' : ''}`, () =>
        validate(schemas, c, stream));
    }
  }
}

after(() => {
  for (const [dialect, of] of Object.entries(counts)) {
    for (const [kind, n] of Object.entries(of)) {
      note({ client: 'schemas', kind, feature: `${dialect}: documents`, ok: true, text: `${n}` });
    }
  }
});

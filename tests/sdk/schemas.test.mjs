// schemas.test.mjs: what the gateway writes is valid by the APIs' own schemas
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import { fixtures, kinds } from './fixtures.mjs';
import { note } from './harness.mjs';
import { providers } from './providers.mjs';
import { deviating, schemas } from './schemas.mjs';
import { ask, dialects, events } from './wire.mjs';

const dir = process.env.LLMGW_FIXTURES;

const native = { openai: 'chat', 'openai-responses': 'responses', anthropic: 'messages', gemini: 'gemini' };
const counts = {};

// Responses are known by two schemas, and what is checked of them is kept
const schemasOf = { responses: ['responses', 'openResponses'] };
const responses = [];

function checkBy(name, kind, what, value) {
  const wrong = schemas[name][what]?.(value);
  if (!wrong) return;
  counts[name] ??= {};
  counts[name][kind] = (counts[name][kind] ?? 0) + 1;
  assert.equal(wrong.length, 0, `${name}: ${wrong.join('\n')}\n${JSON.stringify(value)}`);
}

function check(dialect, kind, what, value) {
  if (dialect === 'responses') responses.push([what, value]);
  for (const name of schemasOf[dialect] ?? [dialect]) checkBy(name, kind, what, value);
}

// What the mock can play: what is an answer, what breaks off, what is an error
const answers = ['ok', 'words,n=20', 'tools', 'parallel-tools', 'odd-tools', 'text-and-tool',
  'signed-tools', 'custom tools', 'reasoning', 'json', 'length', 'utf8-split', 'no-usage'];
const scenarios = [...answers.filter((name) => name !== 'custom tools'), 'error-middle', 'cut',
  ...[400, 401, 404, 413, 422, 429, 500, 503, 529].map((code) => `status,code=${code}`)];

// What stands between events, without a schema of its own
const others = ['[DONE]', '{"type":"ping"}'];

async function validate({ dialect, kind, model, name, more }, stream) {
  const res = await ask(dialect, model, stream, more);
  if (answers.some((start) => name.startsWith(start))) assert.equal(res.status, 200, res.text);
  if (!res.isStream) {
    const what = res.status === 200 ? 'whole' : 'error';
    check(dialect, kind, what, JSON.parse(res.text));
    return;
  }
  for (const data of events(res.text).filter((e) => !others.includes(e))) {
    const event = JSON.parse(data);
    check(dialect, kind, event.error && dialect !== 'responses' ? 'error' : 'event', event);
  }
}

// A member too many is seen, wherever it is
async function assertStrict() {
  const paths = {
    chat: ['choices.0.x', 'choices.0.message.x', 'usage.x', 'x'],
    messages: ['content.0.x', 'usage.x', 'x'],
    gemini: ['candidates.0.x', 'candidates.0.content.parts.0.x', 'usageMetadata.x', 'x'],
    responses: ['output.0.x', 'output.0.content.0.x', 'usage.x', 'text.format.x', 'x'],
  };
  for (const dialect of writes('echo')) {
    const { text } = await ask(dialect, 'echo/any', false);
    for (const place of paths[dialect]) {
      const value = JSON.parse(text);
      const steps = place.split('.');
      steps.slice(0, -1).reduce((v, step) => v[step], value)[steps.at(-1)] = 1;
      for (const name of schemasOf[dialect] ?? [dialect]) {
        assert.ok(schemas[name].whole(value).length, `${name}: ${place}`);
      }
    }
  }
}

/** Where the gateway only passes bytes on, they are the provider's. */
const writes = (kind) => dialects.filter((d) => d !== native[kind] && schemas[d]);

// What a client of Responses may say that comes back in the answer
const settings = {
  instructions: 'Be brief.', max_output_tokens: 500, temperature: 0.5, top_p: 0.9, user: 'ann',
  metadata: { team: 'search' }, tool_choice: 'auto', reasoning: { effort: 'low', summary: 'auto' },
  tools: [{ type: 'function', name: 'get_weather', parameters: { type: 'object', properties: {} } }],
  text: { format: { type: 'json_schema', name: 'any', schema: { type: 'object', properties: {} } } },
};

/** Of Responses alone. */
function* responsesCases() {
  for (const [kind, provider] of Object.entries(providers)) {
    if (!writes(kind).includes('responses')) continue;
    for (const name of provider.echo ? ['ok'] : scenarios) {
      yield { dialect: 'responses', kind, model: provider.model(name),
        name: `${name}, of many settings`, more: settings };
    }
  }
  yield { dialect: 'responses', kind: 'openai', model: providers.openai.model('custom-tools'),
    name: 'custom tools', more: { tools: [{ type: 'custom', name: 'sql' }] } };
}

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
  yield* responsesCases();
}

// One that nothing needs any more is to be taken from its list
function assertNeeded(validators) {
  assert.ok(responses.some(([what, value]) => validators[what]?.(value).length));
}

if (!schemas) {
  test('schemas: none beside this checkout', () => {});
} else {
  test('the schemas are strict', () => assertStrict());
  for (const c of cases()) {
    for (const stream of [false, true]) {
      test(`${c.dialect} of ${c.kind}: ${c.name}${stream ? ', streamed' : ''}`, () =>
        validate(c, stream));
    }
  }
  for (const [name, reason, validators] of deviating()) {
    test(`${name} deviates: ${reason}`, () => assertNeeded(validators));
  }
}

after(() => {
  for (const [dialect, of] of Object.entries(counts)) {
    for (const [kind, n] of Object.entries(of)) {
      note({ client: 'schemas', kind, feature: `${dialect}: documents`, ok: true, text: `${n}` });
    }
  }
});

// anthropic.test.mjs: the official Anthropic client, given a base URL and nothing else
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';

const baseURL = process.env.LLMGW_URL.replace(/\/v1$/, '');
const client = new Anthropic({ baseURL, apiKey: 'of-the-client', maxRetries: 0 });
const upstream = process.env.LLMGW_UPSTREAM;
const user = (content) => [{ role: 'user', content }];
const base = { max_tokens: 100 };
const table = {};

// What to ask each kind of provider for, so that the same checks hold
const providers = {
  openai: { model: (name) => `mock/${name}`, hello: 'Hello from mock' },
  anthropic: {
    model: (name) => `claude/${name}`, hello: 'Hello from mock', signature: 'c2lnbmF0dXJl',
  },
  'openai-responses': {
    model: (name) => `resp/${name}`, hello: 'Hello from mock',
    // sealed: openai_responses made it
    signature: btoa('llmgw:openai_responses:gAAAAABmock-_opaque=='),
  },
  gemini: { model: (name) => `gemini/${name}`, hello: 'Hello from mock' },
  echo: { model: () => 'echo/any', hello: 'Hello from mock', echo: true },
};

// A feature is tested against each provider; the table at the end shows which.
// echo makes no such error, or has no provider behind it that could be watched
const none = '-';
function feature(name, run) {
  for (const [kind, p] of Object.entries(providers)) {
    test(`${kind}: ${name}`, async (t) => {
      table[name] ??= {};
      table[name][kind] = 'FAILED';
      table[name][kind] = await run(p, t) ?? 'ok';
    });
  }
}

const tool = (name, properties = {}) => ({
  name, description: name, input_schema: { type: 'object', properties },
});
const weather = tool('get_weather', { city: { type: 'string' } });
const tools = [weather, tool('get_time', { zone: { type: 'string' } }), tool('ping')];
const words = (m) => m.content.filter((b) => b.type === 'text').map((b) => b.text).join('');
const calls = (m) => m.content.filter((b) => b.type === 'tool_use');
const result = (call, content) => ({ type: 'tool_result', tool_use_id: call.id, content });

feature('messages', async (p) => {
  const m = await client.messages.create({
    ...base, model: p.model('ok'), messages: user(p.hello),
  });
  assert.equal(m.type, 'message');
  assert.equal(m.role, 'assistant');
  assert.equal(words(m), p.hello);
  assert.equal(m.stop_reason, 'end_turn');
  assert.equal(m.usage.output_tokens, 3);
  assert.equal(m.usage.input_tokens, p.echo ? 3 : 8);
  assert.equal(m.usage.cache_read_input_tokens, p.echo ? 0 : 3);
  assert.ok(m.id);
  assert.ok(m._request_id);
});

feature('streaming', async (p) => {
  const s = await client.messages.create({
    ...base, model: p.model('ok'), messages: user(p.hello), stream: true,
  });
  const types = [];
  let text = '';
  for await (const e of s) {
    if (types.at(-1) !== e.type) types.push(e.type);
    if (e.type === 'content_block_delta') text += e.delta.text;
  }
  assert.equal(text, p.hello);
  assert.deepEqual(types.filter((x) => x !== 'ping'), ['message_start', 'content_block_start',
    'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
});

feature('streaming helper, usage', async (p) => {
  const s = client.messages.stream({ ...base, model: p.model('ok'), messages: user(p.hello) });
  const pieces = [];
  s.on('text', (text) => pieces.push(text));
  const m = await s.finalMessage();
  assert.equal(words(m), p.hello);
  assert.equal(await s.finalText(), p.hello);
  assert.equal(pieces.join(''), p.hello);
  assert.ok(pieces.length >= 3);
  assert.equal(m.stop_reason, 'end_turn');
  assert.equal(m.usage.output_tokens, 3);
  assert.equal(m.usage.input_tokens, p.echo ? 3 : 8);
  assert.equal(m.usage.cache_read_input_tokens ?? 0, p.echo ? 0 : 3);
  assert.ok(s.request_id);
});

feature('system and history', async (p) => {
  const m = await client.messages.create({
    ...base, model: p.model('ok'),
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Very.' }],
    messages: [...user('Hi'), { role: 'assistant', content: 'Hi.' },
      ...user([{ type: 'text', text: p.hello }])],
  });
  assert.equal(words(m), p.hello);
});

for (const stream of [false, true]) {
  const ask = async (body) => (stream ? client.messages.stream({ ...base, ...body }).finalMessage()
    : client.messages.create({ ...base, ...body }));
  const how = stream ? ', streamed' : '';

  feature(`tools${how}`, async (p) => {
    const messages = user('get_weather {"city":"Paris"}');
    const body = { model: p.model('tools'), messages, tools: [weather] };
    const first = await ask(body);
    assert.equal(first.stop_reason, 'tool_use');
    const [call, ...more] = calls(first);
    assert.equal(more.length, 0);
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(call.input, { city: 'Paris' });
    const second = await ask({ ...body, messages: [...messages,
      { role: 'assistant', content: first.content }, ...user([result(call, 'sunny')])] });
    assert.match(words(second), /sunny$/);
    assert.equal(second.stop_reason, 'end_turn');
  });

  feature(`parallel tools${how}`, async (p) => {
    const messages = user('get_weather {"city":"Paris"} get_time {"zone":"CET"} ping');
    const body = { model: p.model('parallel-tools'), messages, tools };
    const first = await ask(body);
    assert.equal(first.stop_reason, 'tool_use');
    const three = calls(first);
    assert.deepEqual(three.map((c) => c.name), ['get_weather', 'get_time', 'ping']);
    assert.deepEqual(three.map((c) => c.input), [{ city: 'Paris' }, { zone: 'CET' }, {}]);
    assert.equal(new Set(three.map((c) => c.id)).size, 3);
    const second = await ask({ ...body, messages: [...messages,
      { role: 'assistant', content: first.content },
      ...user(three.map((c, i) => result(c, [{ type: 'text', text: `result${i}` }])))] });
    assert.match(words(second), /result2$/);
  });

  feature(`thinking${how}`, async (p) => {
    if (p.echo) return none;
    const body = {
      model: p.model('reasoning'), messages: user('x'), max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    };
    const m = await ask(body);
    assert.deepEqual(m.content.map((b) => b.type), ['thinking', 'text']);
    assert.equal(m.content[0].thinking, 'Let me think.');
    assert.equal(m.content[0].signature, p.signature ?? '');
    assert.equal(words(m), '42');
    const next = await ask({ ...body, messages: [...body.messages,
      { role: 'assistant', content: m.content }, ...user('y')] });
    assert.equal(words(next), '42');
    return undefined;
  });

  feature(`length${how}`, async (p) => {
    const m = await ask({
      model: p.model('length'), messages: user('one two three'), max_tokens: 1,
    });
    assert.equal(m.stop_reason, 'max_tokens');
  });
}

// The helper's own loop, which asks for POST .../messages?beta=true
for (const stream of [false, true]) {
  feature(`tool loop by the helper${stream ? ', streamed' : ''}`, async (p) => {
    const asked = [];
    const runner = client.beta.messages.toolRunner({
      ...base, model: p.model('tools'), messages: user('get_weather {"city":"Paris"}'), stream,
      tools: [betaTool({
        name: 'get_weather', description: 'the weather',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
        run: (input) => { asked.push(input); return 'sunny'; },
      })],
    });
    const m = await runner;
    assert.match(words(m), /sunny$/);
    assert.deepEqual(asked, [{ city: 'Paris' }]);
  });
}

feature('images', async (p) => {
  const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
  const m = await client.messages.create({
    ...base, model: p.model('ok'),
    messages: user([{ type: 'text', text: p.hello },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } }]),
  });
  assert.equal(words(m), p.hello);
});

// ---- errors become the client's own classes --------------------------------------

const invalid = 'invalid_request_error';
const rejects = async (model, ErrorClass, status, type, more = {}) => {
  for (const stream of [false, true]) {
    await assert.rejects(
      client.messages.create({ ...base, model, messages: user('x'), stream, ...more }),
      (e) => {
        assert.ok(e instanceof ErrorClass, `${e.constructor.name} is no ${ErrorClass.name}`);
        assert.equal(e.status, status);
        assert.equal(e.error.type, 'error');
        assert.equal(e.error.error.type, type);
        assert.ok(e.error.error.message.length > 5);
        assert.ok(e.requestID);
        assert.equal(e.error.request_id, e.requestID);
        return true;
      });
  }
};

feature('errors', async (p) => {
  await rejects('nobody-knows', Anthropic.NotFoundError, 404, 'not_found_error');
  await rejects(p.model('ok'), Anthropic.BadRequestError, 400, invalid, { model: 5 });
  if (!p.signature) {   // where it is passed on as it is, the provider judges it
    await rejects(p.model('ok'), Anthropic.BadRequestError, 400, invalid, { messages: [] });
  }
  if (p.echo) return;
  const of = (code) => p.model(`status,code=${code}`);
  await rejects(of(400), Anthropic.BadRequestError, 400, invalid);
  await rejects(of(404), Anthropic.NotFoundError, 404, 'not_found_error');
  await rejects(of(413), Anthropic.APIError, 413, 'request_too_large');
  await rejects(of(422), Anthropic.UnprocessableEntityError, 422, invalid);
  await rejects(of(429), Anthropic.RateLimitError, 429, 'rate_limit_error');
  await rejects(of(500), Anthropic.InternalServerError, 500, 'api_error');
  await rejects(of(529), Anthropic.InternalServerError, 529, 'overloaded_error');
  await rejects(p.model('reset-before'), Anthropic.InternalServerError, 502, 'api_error');
  await rejects(p.model('html'), Anthropic.InternalServerError, 502, 'api_error');
  await rejects(of(401), Anthropic.InternalServerError, 502, 'api_error');
});

feature('an error in the middle of a stream', async (p) => {
  if (p.echo) return none;
  for (const name of ['error-middle', 'cut', 'reset-mid', 'broken-event']) {
    let text = '';
    const s = await client.messages.create({
      ...base, model: p.model(name), messages: user('x'), stream: true,
    });
    await assert.rejects(async () => {
      for await (const e of s) text += e.delta?.text ?? '';
    }, Anthropic.APIError, name);
    assert.match(text, /^Hello/, name);
    await assert.rejects(client.messages.stream({
      ...base, model: p.model(name), messages: user('x'),
    }).finalMessage(), Anthropic.AnthropicError, name);
  }
  return undefined;
});

// ---- leaving -------------------------------------------------------------------------

feature('abort', async (p) => {
  const tag = `abort${process.pid}x${Math.trunc(performance.now())}`;
  const controller = new AbortController();
  const model = p.echo ? 'slowecho/any' : p.model(`slow-stream,n=100,ms=100,tag=${tag}`);
  const s = await client.messages.create({
    ...base, max_tokens: 1000, model, messages: user('a '.repeat(100)), stream: true,
  }, { signal: controller.signal });
  let n = 0;
  for await (const e of s) {
    if (e.type === 'content_block_delta') n += 1;
    if (n === 3) controller.abort();
  }
  const left = Date.now();
  assert.ok(n >= 3 && n < 20);
  if (p.echo) return;
  for (let i = 0; i < 60; i += 1) {
    const { requests } = await (await fetch(`${upstream}/_stats?tag=${tag}`)).json();
    if (requests.at(-1)?.how === 'gone') {
      assert.ok(requests.at(-1).done - left < 1000);
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  assert.fail('the provider is still being read');
});

feature('abort before the answer', async (p) => {
  const model = p.echo ? 'slowecho/any' : p.model('stall-head');
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(
    client.messages.create({ ...base, model, messages: user('x') }, { signal: controller.signal }),
    Anthropic.APIUserAbortError);
});

feature('the client\'s own timeout', async (p) => {
  const model = p.echo ? 'slowecho/any' : p.model('stall-head');
  await assert.rejects(
    client.messages.create({ ...base, model, messages: user('x') }, { timeout: 60 }),
    Anthropic.APIConnectionTimeoutError);
});

feature('twenty at once', async (p) => {
  const all = await Promise.all(Array.from({ length: 20 }, () =>
    client.messages.stream({ ...base, model: p.model('ok'), messages: user(p.hello) })
      .finalText()));
  for (const text of all) assert.equal(text, p.hello);
});

test('models', async () => {
  const ids = [];
  for await (const m of client.models.list()) {
    assert.equal(m.type, 'model');
    ids.push(m.id);
  }
  await assert.rejects(client.models.retrieve('nobody-knows'), Anthropic.NotFoundError);
});

after(() => {
  console.log('\nanthropic SDK x provider');
  console.table(table);
});

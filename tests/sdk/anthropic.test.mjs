// anthropic.test.mjs: what only the Anthropic client has, see clients.test.mjs for the rest
import test from 'node:test';
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { hello } from './features.mjs';
import { tryFeature } from './harness.mjs';
import anthropic, { client } from './clients/anthropic.mjs';

const user = (content) => [{ role: 'user', content }];
const base = { max_tokens: 100 };
const words = (m) => m.content.filter((b) => b.type === 'text').map((b) => b.text).join('');
const feature = (name, run) => tryFeature(anthropic, name, run);

feature('shape of a message', async (c) => {
  const m = await client.messages.create({ ...base, model: c.model('ok'), messages: user(hello) });
  assert.equal(m.type, 'message');
  assert.equal(m.role, 'assistant');
  assert.equal(m.usage.input_tokens, c.echo ? 3 : 8);
  assert.equal(m.usage.cache_read_input_tokens, c.echo ? 0 : 3);
  assert.ok(m.id);
  assert.ok(m._request_id);
});

feature('order of events', async (c) => {
  const stream = await client.messages.create({
    ...base, model: c.model('ok'), messages: user(hello), stream: true,
  });
  const types = [];
  for await (const e of stream) {
    if (types.at(-1) !== e.type) types.push(e.type);
  }
  assert.deepEqual(types.filter((x) => x !== 'ping'), ['message_start', 'content_block_start',
    'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
});

feature('usage in a stream', async (c) => {
  const stream = client.messages.stream({ ...base, model: c.model('ok'), messages: user(hello) });
  const m = await stream.finalMessage();
  assert.equal(m.usage.output_tokens, 3);
  assert.equal(m.usage.input_tokens, c.echo ? 3 : 8);
  assert.equal(m.usage.cache_read_input_tokens ?? 0, c.echo ? 0 : 3);
  assert.ok(stream.request_id);
});

feature('system in blocks', async (c) => {
  const m = await client.messages.create({
    ...base, model: c.model('ok'),
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Very.' }],
    messages: [...user('Hi'), { role: 'assistant', content: 'Hi.' },
      ...user([{ type: 'text', text: hello }])],
  });
  assert.equal(words(m), hello);
  if (c.echo) return;
  const [seen] = await c.received();
  assert.match(seen.system, /^Be brief\.\n+Very\.$/);
  assert.deepEqual(seen.users, ['Hi', hello]);
});

feature('image by URL', async (c) => {
  const m = await client.messages.create({
    ...base, model: c.model('ok'),
    messages: user([{ type: 'text', text: hello },
      { type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } }]),
  });
  assert.equal(words(m), hello);
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

feature('classes of errors', async (c) => {
  await rejects('nobody-knows', Anthropic.NotFoundError, 404, 'not_found_error');
  await rejects(c.model('ok'), Anthropic.BadRequestError, 400, invalid, { model: 5 });
  if (c.kind !== 'anthropic') {   // where it is passed on as it is, the provider judges it
    await rejects(c.model('ok'), Anthropic.BadRequestError, 400, invalid, { messages: [] });
  }
  if (c.echo) return;
  const of = (code) => c.model(`status,code=${code}`);
  await rejects(of(400), Anthropic.BadRequestError, 400, invalid);
  await rejects(of(404), Anthropic.NotFoundError, 404, 'not_found_error');
  await rejects(of(413), Anthropic.APIError, 413, 'request_too_large');
  await rejects(of(422), Anthropic.UnprocessableEntityError, 422, invalid);
  await rejects(of(429), Anthropic.RateLimitError, 429, 'rate_limit_error');
  await rejects(of(500), Anthropic.InternalServerError, 500, 'api_error');
  await rejects(of(529), Anthropic.InternalServerError, 529, 'overloaded_error');
  await rejects(c.model('reset-before'), Anthropic.InternalServerError, 502, 'api_error');
  await rejects(c.model('html'), Anthropic.InternalServerError, 502, 'api_error');
  await rejects(of(401), Anthropic.InternalServerError, 502, 'api_error');
});

feature('the client\'s own timeout', async (c) => {
  await assert.rejects(
    client.messages.create({ ...base, model: c.model('stall-head'), messages: user('x') },
      { timeout: 60 }),
    Anthropic.APIConnectionTimeoutError);
});

feature('twenty at once', async (c) => {
  const model = c.model('ok');
  const all = await Promise.all(Array.from({ length: 20 }, () =>
    client.messages.stream({ ...base, model, messages: user(hello) }).finalText()));
  for (const text of all) assert.equal(text, hello);
});

test('@anthropic-ai/sdk: models', async () => {
  const ids = [];
  for await (const m of client.models.list()) {
    assert.equal(m.type, 'model');
    ids.push(m.id);
  }
  assert.ok(ids.length > 0);
  await assert.rejects(client.models.retrieve('nobody-knows'), Anthropic.NotFoundError);
});

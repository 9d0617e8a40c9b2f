// openai.test.mjs: what only the OpenAI client has, see clients.test.mjs for the rest
import test from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { hello } from './features.mjs';
import { tryFeature } from './harness.mjs';
import openai, { client } from './clients/openai.mjs';

const user = (content) => [{ role: 'user', content }];
const chat = client.chat.completions;
const feature = (name, run) => tryFeature(openai, name, run);

feature('shape of an answer', async (c) => {
  const answer = await chat.create({ model: c.model('ok'), messages: user(hello) });
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  assert.ok(answer._request_id);
});

feature('shape of a stream', async (c) => {
  const stream = await chat.create({ model: c.model('ok'), messages: user(hello), stream: true });
  let n = 0;
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.equal(chunk.choices.length, 1);
    if (n === 0) assert.equal(chunk.choices[0].delta.role, 'assistant');
    n += 1;
  }
  assert.ok(n >= 3);
});

feature('usage in a stream', async (c) => {
  const stream = chat.stream({
    model: c.model('ok'), messages: user(hello), stream_options: { include_usage: true },
  });
  assert.equal(await stream.finalContent(), hello);
  const usage = await stream.totalUsage();
  assert.equal(usage.completion_tokens, 3);
  assert.ok(usage.prompt_tokens > 0);
});

feature('system and developer', async (c) => {
  const answer = await chat.create({
    model: c.model('ok'),
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: 'Very.' },
      ...user('Hi'), { role: 'assistant', content: 'Hi.' },
      ...user([{ type: 'text', text: hello }])],
  });
  assert.equal(answer.choices[0].message.content, hello);
  if (c.echo) return;
  const [seen] = await c.received();
  assert.match(seen.system, /^Be brief\.\n+Very\.$/);
  assert.deepEqual(seen.users, ['Hi', hello]);
});

feature('image by URL', async (c) => {
  const url = 'https://example.com/x.png';
  const answer = await chat.create({
    model: c.model('ok'),
    messages: user([{ type: 'text', text: hello }, { type: 'image_url', image_url: { url } }]),
  });
  assert.equal(answer.choices[0].message.content, hello);
});

// ---- errors become the client's own classes --------------------------------------

const rejects = async (model, ErrorClass, status, more = {}) => {
  for (const stream of [false, true]) {
    await assert.rejects(
      chat.create({ model, messages: user('x'), stream, ...more }),
      (e) => {
        assert.ok(e instanceof ErrorClass, `${e.constructor.name} is no ${ErrorClass.name}`);
        assert.equal(e.status, status);
        assert.ok(e.message.length > 5);
        assert.ok(e.requestID);
        return true;
      });
  }
};

feature('classes of errors', async (c) => {
  await rejects('nobody-knows', OpenAI.NotFoundError, 404);
  await rejects(c.model('ok'), OpenAI.BadRequestError, 400, { model: 5 });
  if (c.echo) return;
  await rejects(c.model('status,code=400'), OpenAI.BadRequestError, 400);
  await rejects(c.model('status,code=404'), OpenAI.NotFoundError, 404);
  await rejects(c.model('status,code=409'), OpenAI.ConflictError, 409);
  await rejects(c.model('status,code=422'), OpenAI.UnprocessableEntityError, 422);
  await rejects(c.model('status,code=429'), OpenAI.RateLimitError, 429);
  await rejects(c.model('status,code=500'), OpenAI.InternalServerError, 500);
  await rejects(c.model('reset-before'), OpenAI.InternalServerError, 502);
  await rejects(c.model('html'), OpenAI.InternalServerError, 502);
  await rejects(c.model('status,code=401'), OpenAI.InternalServerError, 502);
});

feature('the client\'s own timeout', async (c) => {
  await assert.rejects(
    chat.create({ model: c.model('stall-head'), messages: user('x') }, { timeout: 60 }),
    OpenAI.APIConnectionTimeoutError);
});

feature('twenty at once', async (c) => {
  const model = c.model('ok');
  const all = await Promise.all(Array.from({ length: 20 }, () =>
    chat.stream({ model, messages: user(hello) }).finalContent()));
  for (const text of all) assert.equal(text, hello);
});

test('openai: models', async () => {
  const list = await client.models.list();
  assert.ok(list.data.length > 0);
  for (const model of list.data) assert.equal(model.object, 'model');
});

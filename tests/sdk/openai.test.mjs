// openai.test.mjs: the official OpenAI client, given a base URL and nothing else
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const client = new OpenAI({ baseURL: process.env.LLMGW_URL, apiKey: 'of-the-client', maxRetries: 0 });
const upstream = process.env.LLMGW_UPSTREAM;
const user = (content) => [{ role: 'user', content }];
const table = {};

// What to ask each kind of provider for, so that the same checks hold
const providers = {
  openai: { model: (name) => `mock/${name}`, hello: 'Hello from mock' },
  'openai-responses': { model: (name) => `resp/${name}`, hello: 'Hello from mock' },
  anthropic: { model: (name) => `claude/${name}`, hello: 'Hello from mock' },
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
  type: 'function',
  function: { name, description: name, parameters: { type: 'object', properties } },
});
const weather = tool('get_weather', { city: { type: 'string' } });
const tools = [weather, tool('get_time', { zone: { type: 'string' } }), tool('ping')];

feature('chat', async (p) => {
  const c = await client.chat.completions.create({ model: p.model('ok'), messages: user(p.hello) });
  assert.equal(c.object, 'chat.completion');
  assert.equal(c.choices[0].message.role, 'assistant');
  assert.equal(c.choices[0].message.content, p.hello);
  assert.equal(c.choices[0].finish_reason, 'stop');
  assert.equal(c.usage.total_tokens, c.usage.prompt_tokens + c.usage.completion_tokens);
  assert.equal(c.usage.completion_tokens, 3);
  assert.ok(c._request_id);
});

feature('streaming', async (p) => {
  const s = await client.chat.completions.create({
    model: p.model('ok'), messages: user(p.hello), stream: true,
  });
  let text = '';
  let finish = null;
  let n = 0;
  for await (const chunk of s) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.equal(chunk.choices.length, 1);
    if (n === 0) assert.equal(chunk.choices[0].delta.role, 'assistant');
    text += chunk.choices[0].delta.content ?? '';
    finish = chunk.choices[0].finish_reason ?? finish;
    n += 1;
  }
  assert.equal(text, p.hello);
  assert.equal(finish, 'stop');
  assert.ok(n >= 3);
});

feature('streaming helper, usage', async (p) => {
  const s = client.chat.completions.stream({
    model: p.model('ok'), messages: user(p.hello), stream_options: { include_usage: true },
  });
  assert.equal(await s.finalContent(), p.hello);
  const usage = await s.totalUsage();
  assert.equal(usage.completion_tokens, 3);
  assert.ok(usage.prompt_tokens > 0);
});

feature('system and history', async (p) => {
  const c = await client.chat.completions.create({
    model: p.model('ok'),
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: 'Very.' },
      { role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: [{ type: 'text', text: p.hello }] }],
  });
  assert.equal(c.choices[0].message.content, p.hello);
});

for (const stream of [false, true]) {
  const ask = async (body) => (stream
    ? client.chat.completions.stream(body).finalChatCompletion()
    : client.chat.completions.create(body));
  const how = stream ? ', streamed' : '';

  feature(`tools${how}`, async (p) => {
    const messages = user('get_weather {"city":"Paris"}');
    const body = { model: p.model('tools'), messages, tools: [weather] };
    const first = await ask(body);
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    const [call, ...more] = first.choices[0].message.tool_calls;
    assert.equal(more.length, 0);
    assert.equal(call.type, 'function');
    assert.equal(call.function.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });
    const second = await ask({ ...body, messages: [...messages, first.choices[0].message,
      { role: 'tool', tool_call_id: call.id, content: 'sunny' }] });
    assert.match(second.choices[0].message.content, /sunny$/);
    assert.equal(second.choices[0].finish_reason, 'stop');
  });

  feature(`parallel tools${how}`, async (p) => {
    const messages = user('get_weather {"city":"Paris"} get_time {"zone":"CET"} ping');
    const body = { model: p.model('parallel-tools'), messages, tools };
    const first = await ask(body);
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    const calls = first.choices[0].message.tool_calls;
    assert.deepEqual(calls.map((c) => c.function.name), ['get_weather', 'get_time', 'ping']);
    assert.deepEqual(calls.map((c) => JSON.parse(c.function.arguments)),
      [{ city: 'Paris' }, { zone: 'CET' }, {}]);
    assert.equal(new Set(calls.map((c) => c.id)).size, 3);
    const second = await ask({ ...body, messages: [...messages, first.choices[0].message,
      ...calls.map((c, i) => ({ role: 'tool', tool_call_id: c.id, content: `result${i}` }))] });
    assert.match(second.choices[0].message.content, /result2/);
  });

  feature(`structured output${how}`, async (p) => {
    const answer = z.object({ city: z.string(), temp: z.number() });
    const body = {
      model: p.model('json'), messages: user('{"city":"Paris","temp":21}'),
      response_format: zodResponseFormat(answer, 'answer'),
    };
    const c = stream ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.parse(body);
    assert.deepEqual(c.choices[0].message.parsed, { city: 'Paris', temp: 21 });
  });
}

feature('tool loop by the helper', async (p) => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model: p.model('tools'), messages: user('get_weather {"city":"Paris"}'),
    tools: [{ type: 'function', function: {
      name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: JSON.parse, function: (args) => { asked.push(args); return 'sunny'; } } }],
  });
  assert.match(await runner.finalContent(), /sunny$/);
  assert.deepEqual(asked, [{ city: 'Paris' }]);
});

feature('tool loop by the helper, streamed', async (p) => {
  const runner = client.chat.completions.runTools({
    model: p.model('parallel-tools'), stream: true,
    messages: user('get_weather {"city":"Paris"} get_time {"zone":"CET"} ping'),
    tools: tools.map((t) => ({ ...t, function: {
      ...t.function, parse: JSON.parse, function: () => `done-${t.function.name}` } })),
  });
  assert.match(await runner.finalContent(), /done-/);
});

feature('images', async (p) => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
  const c = await client.chat.completions.create({
    model: p.model('ok'),
    messages: user([{ type: 'text', text: p.hello },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      { type: 'image_url', image_url: { url: 'https://example.com/x.png' } }]),
  });
  assert.equal(c.choices[0].message.content, p.hello);
});

feature('length', async (p) => {
  const c = await client.chat.completions.create({
    model: p.model('length'), messages: user('one two three'), max_completion_tokens: 1,
  });
  assert.equal(c.choices[0].finish_reason, 'length');
});

// ---- errors become the client's own classes --------------------------------------

const rejects = async (model, ErrorClass, status, more = {}) => {
  for (const stream of [false, true]) {
    await assert.rejects(
      client.chat.completions.create({ model, messages: user('x'), stream, ...more }),
      (e) => {
        assert.ok(e instanceof ErrorClass, `${e.constructor.name} is no ${ErrorClass.name}`);
        assert.equal(e.status, status);
        assert.ok(e.message.length > 5);
        assert.ok(e.requestID);
        return true;
      });
  }
};

feature('errors', async (p) => {
  await rejects('nobody-knows', OpenAI.NotFoundError, 404);
  await rejects(p.model('ok'), OpenAI.BadRequestError, 400, { model: 5 });
  if (p.echo) return;
  await rejects(p.model('status,code=400'), OpenAI.BadRequestError, 400);
  await rejects(p.model('status,code=404'), OpenAI.NotFoundError, 404);
  await rejects(p.model('status,code=409'), OpenAI.ConflictError, 409);
  await rejects(p.model('status,code=422'), OpenAI.UnprocessableEntityError, 422);
  await rejects(p.model('status,code=429'), OpenAI.RateLimitError, 429);
  await rejects(p.model('status,code=500'), OpenAI.InternalServerError, 500);
  await rejects(p.model('reset-before'), OpenAI.InternalServerError, 502);
  await rejects(p.model('html'), OpenAI.InternalServerError, 502);
  await rejects(p.model('status,code=401'), OpenAI.InternalServerError, 502);
});

feature('an error in the middle of a stream', async (p) => {
  if (p.echo) return none;
  for (const name of ['error-middle', 'cut', 'reset-mid', 'broken-event']) {
    let text = '';
    const s = await client.chat.completions.create({
      model: p.model(name), messages: user('x'), stream: true,
    });
    await assert.rejects(async () => {
      for await (const chunk of s) text += chunk.choices[0]?.delta.content ?? '';
    }, OpenAI.APIError, name);
    assert.match(text, /^Hello/, name);
  }
  return undefined;
});

// ---- leaving -------------------------------------------------------------------------

feature('abort', async (p) => {
  const tag = `abort${process.pid}x${Math.trunc(performance.now())}`;
  const controller = new AbortController();
  const model = p.echo ? 'slowecho/any' : p.model(`slow-stream,n=100,ms=100,tag=${tag}`);
  const s = await client.chat.completions.create({
    model, messages: user('a '.repeat(100)), stream: true,
  }, { signal: controller.signal });
  let n = 0;
  for await (const chunk of s) {
    if (chunk.choices[0].delta.content) n += 1;
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
    client.chat.completions.create({ model, messages: user('x') }, { signal: controller.signal }),
    OpenAI.APIUserAbortError);
});

feature('the client\'s own timeout', async (p) => {
  const model = p.echo ? 'slowecho/any' : p.model('stall-head');
  await assert.rejects(
    client.chat.completions.create({ model, messages: user('x') }, { timeout: 60 }),
    OpenAI.APIConnectionTimeoutError);
});

feature('twenty at once', async (p) => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    client.chat.completions.stream({ model: p.model('ok'), messages: user(p.hello) })
      .finalContent().then((text) => [i, text])));
  for (const [, text] of all) assert.equal(text, p.hello);
});

test('models', async () => {
  const list = await client.models.list();
  assert.ok(Array.isArray(list.data));
});

after(() => {
  console.log('\nopenai SDK x provider');
  console.table(table);
});

// responses.test.mjs: the official OpenAI client's Responses, given a base URL and nothing else
import test, { after } from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { fixtures, answer, request } from './fixtures.mjs';

const client = new OpenAI({ baseURL: process.env.LLMGW_URL, apiKey: 'of-the-client', maxRetries: 0 });
const upstream = process.env.LLMGW_UPSTREAM;
const table = {};

// What to ask each kind of provider for, so that the same checks hold
const hello = 'Hello from mock';
const providers = {
  openai: { model: (name) => `mock/${name}` },
  'openai-responses': { model: (name) => `resp/${name}`, own: true },
  anthropic: { model: (name) => `claude/${name}` },
  gemini: { model: (name) => `gemini/${name}` },
  echo: { model: () => 'echo/any', echo: true },
};

// A feature is tested against each provider; the table at the end shows which.
// echo makes no such error, or has no provider behind it that could be watched
const none = '-';
function feature(name, run) {
  for (const [kind, p] of Object.entries(providers)) {
    test(`responses, ${kind}: ${name}`, async (t) => {
      table[name] ??= {};
      table[name][kind] = 'FAILED';
      table[name][kind] = await run(p, t) ?? 'ok';
    });
  }
}

const tool = (name, properties = {}) => ({
  type: 'function', name, description: name, strict: false,
  parameters: { type: 'object', properties },
});
const weather = tool('get_weather', { city: { type: 'string' } });
const tools = [weather, tool('get_time', { zone: { type: 'string' } }), tool('ping')];
const calls = (r) => r.output.filter((item) => item.type === 'function_call');

feature('create', async (p) => {
  const r = await client.responses.create({ model: p.model('ok'), input: hello });
  assert.equal(r.object, 'response');
  assert.equal(r.status, 'completed');
  assert.equal(r.output_text, hello);
  assert.equal(r.error, null);
  assert.equal(r.usage.total_tokens, r.usage.input_tokens + r.usage.output_tokens);
  assert.equal(r.usage.output_tokens, 3);
  assert.ok(r._request_id);
});

feature('streaming', async (p) => {
  const s = await client.responses.create({ model: p.model('ok'), input: hello, stream: true });
  const types = [];
  let text = '';
  let last = -1;
  for await (const e of s) {
    if (types.at(-1) !== e.type) types.push(e.type);
    assert.ok(e.sequence_number > last, e.type);
    last = e.sequence_number;
    if (e.type === 'response.output_text.delta') text += e.delta;
    if (e.type === 'response.output_text.done') assert.equal(e.text, hello);
  }
  assert.equal(text, hello);
  assert.deepEqual(types, ['response.created', 'response.in_progress',
    'response.output_item.added', 'response.content_part.added', 'response.output_text.delta',
    'response.output_text.done', 'response.content_part.done', 'response.output_item.done',
    'response.completed']);
});

feature('streaming helper', async (p) => {
  const s = client.responses.stream({ model: p.model('ok'), input: hello });
  const pieces = [];
  s.on('response.output_text.delta', (e) => pieces.push(e.delta));
  const r = await s.finalResponse();
  assert.equal(pieces.join(''), hello);
  assert.equal(r.output_text, hello);
  assert.equal(r.usage.output_tokens, 3);
});

feature('instructions and history', async (p) => {
  const r = await client.responses.create({
    model: p.model('ok'), instructions: 'Be brief.',
    input: [{ role: 'developer', content: 'Very.' }, { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hi.' },
      { role: 'user', content: [{ type: 'input_text', text: hello }] }],
  });
  assert.equal(r.output_text, hello);
});

for (const stream of [false, true]) {
  const ask = async (body) => (stream ? client.responses.stream(body).finalResponse()
    : client.responses.create(body));
  const how = stream ? ', streamed' : '';

  feature(`tools${how}`, async (p) => {
    const input = [{ role: 'user', content: 'get_weather {"city":"Paris"}' }];
    const body = { model: p.model('tools'), input, tools: [weather] };
    const first = await ask(body);
    const [call, ...more] = calls(first);
    assert.equal(more.length, 0);
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
    const second = await ask({ ...body, input: [...input, ...first.output,
      { type: 'function_call_output', call_id: call.call_id, output: 'sunny' }] });
    assert.match(second.output_text, /sunny$/);
    assert.equal(calls(second).length, 0);
  });

  feature(`parallel tools${how}`, async (p) => {
    const input = [{ role: 'user',
      content: 'get_weather {"city":"Paris"} get_time {"zone":"CET"} ping' }];
    const body = { model: p.model('parallel-tools'), input, tools };
    const first = await ask(body);
    const all = calls(first);
    assert.deepEqual(all.map((c) => c.name), ['get_weather', 'get_time', 'ping']);
    assert.deepEqual(all.map((c) => JSON.parse(c.arguments)),
      [{ city: 'Paris' }, { zone: 'CET' }, {}]);
    assert.equal(new Set(all.map((c) => c.call_id)).size, 3);
    const second = await ask({ ...body, input: [...input, ...first.output,
      ...all.map((c, i) => ({ type: 'function_call_output', call_id: c.call_id,
        output: `result${i}` }))] });
    assert.match(second.output_text, /result2/);
  });

  feature(`structured output${how}`, async (p) => {
    const shape = z.object({ city: z.string(), temp: z.number() });
    const body = {
      model: p.model('json'), input: '{"city":"Paris","temp":21}',
      text: { format: zodTextFormat(shape, 'answer') },
    };
    const r = stream ? await client.responses.stream(body).finalResponse()
      : await client.responses.parse(body);
    assert.deepEqual(r.output_parsed, { city: 'Paris', temp: 21 });
  });

  feature(`reasoning goes round${how}`, async (p) => {
    if (p.echo) return none;
    const input = [{ role: 'user', content: 'x' }];
    const body = { model: p.model('reasoning'), reasoning: { effort: 'low', summary: 'auto' },
      include: ['reasoning.encrypted_content'] };
    const first = await ask({ ...body, input });
    assert.equal(first.output[0].type, 'reasoning');
    assert.equal(first.output[0].summary[0].text, 'Let me think.');
    assert.equal(first.output_text, '42');
    const second = await ask({ ...body, input: [...input, ...first.output,
      { role: 'user', content: 'sure?' }] });
    assert.equal(second.output_text, '42');
    return undefined;
  });
}

feature('custom tools', async (p) => {
  if (p.model('x') !== 'mock/x' && !p.own) return none;
  const sql = { type: 'custom', name: 'sql', description: 'SQL' };
  const input = [{ role: 'user', content: 'x' }];
  const first = await client.responses.create({ model: p.model('custom-tools'), input, tools: [sql] });
  const [call] = first.output;
  assert.equal(call.type, 'custom_tool_call');
  assert.equal(call.input, 'SELECT "é"\n');
  const second = await client.responses.create({ model: p.model('custom-tools'), tools: [sql],
    input: [...input, call,
      { type: 'custom_tool_call_output', call_id: call.call_id, output: 'one row' }] });
  assert.match(second.output_text, /one row$/);
  return undefined;
});

feature('images', async (p) => {
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
  const r = await client.responses.create({
    model: p.model('ok'),
    input: [{ role: 'user', content: [{ type: 'input_text', text: hello },
      { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${png}` },
      { type: 'input_image', detail: 'auto', image_url: 'https://example.com/x.png' }] }],
  });
  assert.equal(r.output_text, hello);
});

feature('length', async (p) => {
  const r = await client.responses.create({
    model: p.model('length'), input: 'one two three', max_output_tokens: 1,
  });
  assert.equal(r.status, 'incomplete');
  assert.equal(r.incomplete_details.reason, 'max_output_tokens');
});

// ---- errors become the client's own classes --------------------------------------

const rejects = async (body, ErrorClass, status, code) => {
  for (const stream of [false, true]) {
    await assert.rejects(client.responses.create({ input: 'x', stream, ...body }), (e) => {
      assert.ok(e instanceof ErrorClass, `${e.constructor.name} is no ${ErrorClass.name}`);
      assert.equal(e.status, status);
      if (code) assert.equal(e.code, code);
      assert.ok(e.message.length > 5);
      assert.ok(e.requestID);
      return true;
    });
  }
};

feature('errors', async (p) => {
  await rejects({ model: 'nobody-knows' }, OpenAI.NotFoundError, 404);
  await rejects({ model: p.model('ok'), input: 5 }, OpenAI.BadRequestError, 400);
  await rejects({ model: p.model('ok'), previous_response_id: 'resp_1' },
    OpenAI.BadRequestError, 400, 'unsupported_parameter');
  await rejects({ model: p.model('ok'), background: true }, OpenAI.BadRequestError, 400);
  if (p.echo) return;
  await rejects({ model: p.model('status,code=400') }, OpenAI.BadRequestError, 400);
  await rejects({ model: p.model('status,code=404') }, OpenAI.NotFoundError, 404);
  await rejects({ model: p.model('status,code=422') }, OpenAI.UnprocessableEntityError, 422);
  await rejects({ model: p.model('status,code=429') }, OpenAI.RateLimitError, 429);
  await rejects({ model: p.model('status,code=500') }, OpenAI.InternalServerError, 500);
  await rejects({ model: p.model('reset-before') }, OpenAI.InternalServerError, 502);
  await rejects({ model: p.model('status,code=401') }, OpenAI.InternalServerError, 502);
});

feature('an error in the middle of a stream', async (p) => {
  if (p.echo) return none;
  for (const name of ['error-middle', 'reset-mid', 'broken-event']) {
    let text = '';
    let seen = 0;
    const s = await client.responses.create({ model: p.model(name), input: 'x', stream: true });
    try {
      for await (const e of s) {
        if (e.type === 'response.output_text.delta') text += e.delta;
        if (e.type === 'error') seen += 1;      // the client throws for nested errors only
        assert.notEqual(e.type, 'response.completed', name);
      }
    } catch (e) {
      assert.ok(e instanceof OpenAI.APIError, name);
      seen += 1;
    }
    assert.match(text, /^Hello/, name);
    assert.equal(seen, 1, name);
  }
  return undefined;
});

test('responses: what is stored', async () => {
  const gone = (e) => e instanceof OpenAI.NotFoundError && e.code === 'response_not_found';
  await assert.rejects(client.responses.retrieve('resp_1'), gone);
  await assert.rejects(client.responses.delete('resp_1'), gone);
  await assert.rejects(client.responses.cancel('resp_1'), gone);
  await assert.rejects(client.responses.inputItems.list('resp_1'), gone);
});

// ---- leaving -------------------------------------------------------------------------

feature('abort', async (p) => {
  const tag = `rabort${process.pid}x${Math.trunc(performance.now())}`;
  const controller = new AbortController();
  const model = p.echo ? 'slowecho/any' : p.model(`slow-stream,n=100,ms=100,tag=${tag}`);
  const s = await client.responses.create({ model, input: 'a '.repeat(100), stream: true },
    { signal: controller.signal });
  let n = 0;
  for await (const e of s) {
    if (e.type === 'response.output_text.delta') n += 1;
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

feature('the client\'s own timeout', async (p) => {
  const model = p.echo ? 'slowecho/any' : p.model('stall-head');
  await assert.rejects(client.responses.create({ model, input: 'x' }, { timeout: 60 }),
    OpenAI.APIConnectionTimeoutError);
});

feature('twenty at once', async (p) => {
  const all = await Promise.all(Array.from({ length: 20 }, () =>
    client.responses.stream({ model: p.model('ok'), input: hello }).finalResponse()));
  for (const r of all) assert.equal(r.output_text, hello);
});

// ---- recorded exchanges, to their own dialect byte for byte ----------------------------

const dir = process.env.LLMGW_FIXTURES;
for (const f of dir ? fixtures(dir, 'openai-responses') : []) {
  test(`${f.id}: ${f.mode} ${f.status} ${f.features}`, async () => {
    const recorded = request(dir, f) ?? { input: 'hi' };
    if (recorded.previous_response_id) return;
    const stream = f.mode === 'stream';
    const res = await fetch(`${process.env.LLMGW_URL}/responses`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: 'hi', ...recorded, model: `${f.id}/${f.model || 'any'}`,
        stream }),
    });
    const got = Buffer.from(await res.arrayBuffer()).toString('latin1');
    const want = answer(dir, f).toString('latin1');
    if (f.status === '401') {           // the gateway's key, not the client's
      assert.equal(res.status, 502);
      return;
    }
    if (/response_failed/.test(f.features)) {   // before any content: a real status
      assert.ok(res.status >= 500, `status ${res.status}`);
      assert.ok(want.includes(JSON.stringify(JSON.parse(got).error.message)));
      return;
    }
    assert.equal(res.status, +f.status);
    if (f.status !== '200') {
      assert.equal(JSON.parse(got).error.message, JSON.parse(want).error.message);
    } else {
      assert.equal(got.replace(/data: \[DONE\]\n\n$/, ''), want.replace(/data: \[DONE\]\n\n$/, ''));
    }
    if (f.status === '200' && stream) assert.match(got, /data: \[DONE\]\n\n$/);
  });
}

after(() => {
  console.log('\nopenai SDK (Responses) x provider');
  console.table(table);
});

// features.mjs: what each client is tried for, in front of each kind of provider
//
// A feature is a function of a case: { client, model(scenario), received(),
// echo }. It asks through the client's adapter (see clients/), then looks at
// what the client made of the answer and at what the provider was sent.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import process from 'node:process';
import { z } from 'zod';

export const hello = 'Hello from mock';
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const weather = {
  name: 'get_weather', description: 'the weather of a city', schema: z.object({ city: z.string() }),
};
const time = {
  name: 'get_time', description: 'the time in a zone', schema: z.object({ zone: z.string() }),
};
const ping = { name: 'ping', description: 'answers', schema: z.object({}) };

/** The tools, each noting its calls in asked. */
function tools(asked, ...which) {
  return which.map((t) => ({
    ...t, run: (args) => { asked.push({ name: t.name, args }); return `${t.name} is fine`; },
  }));
}

const features = {};

/** Two features: whole, and streamed. */
function both(name, run) {
  features[name] = (c) => run(c, false);
  features[`${name}, streamed`] = (c) => run(c, true);
}

// ---- answers ------------------------------------------------------------------

both('text', async (c, stream) => {
  const pieces = [];
  const answer = await c.client.ask(
    { model: c.model('ok'), system: 'Be brief.', prompt: hello, maxTokens: 100 },
    { stream, onText: (piece) => pieces.push(piece) });
  assert.equal(answer.text, hello);
  assert.equal(answer.stop, 'end');
  assert.equal(answer.usage.output, 3);
  if (stream) {
    assert.equal(pieces.join(''), hello);
    assert.ok(pieces.length >= 3, `${pieces.length} pieces`);
  }
  if (c.echo) return;
  assert.equal(answer.usage.input, 11);
  const [seen, ...more] = await c.received();
  assert.equal(more.length, 0);
  assert.equal(seen.system, 'Be brief.');
  assert.deepEqual(seen.users, [hello]);
  assert.equal(seen.stream, stream);
  assert.equal(seen.key, createHash('sha256').update(process.env.LLMGW_SDK_KEY).digest('hex'));
});

features.conversation = async (c) => {
  const first = await c.client.ask({ model: c.model('ok'), prompt: 'Hi' }, {});
  const second = await c.client.ask({ model: c.model('ok'), after: first, prompt: hello }, {});
  assert.equal(second.text, hello);
  if (c.echo) return;
  const seen = (await c.received())[1];
  assert.deepEqual(seen.users, ['Hi', hello]);
};

both('length', async (c, stream) => {
  const answer = await c.client.ask(
    { model: c.model('length'), prompt: 'one two three', maxTokens: 1 }, { stream });
  assert.equal(answer.stop, 'length');
});

features.image = async (c) => {
  const answer = await c.client.ask({ model: c.model('ok'), prompt: hello, image: png }, {});
  assert.equal(answer.text, hello);
  if (c.echo) return;
  const [seen] = await c.received();
  assert.deepEqual(seen.images, [png]);
  assert.deepEqual(seen.users, [hello]);
};

both('structured output', async (c, stream) => {
  const answer = await c.client.ask({
    model: c.model('json'), prompt: '{"city":"Paris","temp":21}',
    schema: z.object({ city: z.string(), temp: z.number() }),
  }, { stream });
  assert.deepEqual(answer.object, { city: 'Paris', temp: 21 });
  if (c.echo) return;
  const [seen] = await c.received();
  assert.deepEqual(Object.keys(seen.schema.properties), ['city', 'temp']);
  assert.deepEqual(seen.schema.required, ['city', 'temp']);
});

// ---- tools: the client's own loop, and by hand ------------------------------------

async function loop(c, stream, scenario, prompt, which, want) {
  const asked = [];
  const answer = await c.client.loop(
    { model: c.model(scenario), prompt, tools: tools(asked, ...which) }, { stream });
  assert.deepEqual(asked, want);
  assert.match(answer.text, new RegExp(`${want.at(-1).name} is fine`));
  if (c.echo) return;
  const seen = await c.received();
  assert.equal(seen.length, 2);
  assert.deepEqual(seen.map((s) => s.stream), [stream, stream]);
  for (const s of seen) assert.deepEqual(s.tools.map((t) => t.name), which.map((t) => t.name));
  assert.deepEqual(Object.keys(seen[0].tools[0].parameters.properties), ['city']);
  assert.deepEqual(seen[1].calls, want);
  assert.equal(seen[1].results.length, want.length);
  want.forEach((call, i) => assert.match(seen[1].results[i], new RegExp(`${call.name} is fine`)));
}

both('tools', (c, stream) => loop(c, stream, 'tools', 'get_weather {"city":"Paris"}',
  [weather], [{ name: 'get_weather', args: { city: 'Paris' } }]));

both('parallel tools', (c, stream) => loop(c, stream, 'parallel-tools',
  'get_weather {"city":"Paris"} get_time {"zone":"CET"} ping', [weather, time, ping], [
    { name: 'get_weather', args: { city: 'Paris' } },
    { name: 'get_time', args: { zone: 'CET' } },
    { name: 'ping', args: {} }]));

// ---- thinking ------------------------------------------------------------------------

both('reasoning', async (c, stream) => {
  const ask = { model: c.model('reasoning'), maxTokens: 4000, think: true };
  const answer = await c.client.ask({ ...ask, prompt: 'x' }, { stream });
  assert.equal(answer.thinking, 'Let me think.');
  assert.equal(answer.text, '42');
  const next = await c.client.ask({ ...ask, after: answer, prompt: 'y' }, { stream });
  assert.equal(next.text, '42');
  const seen = await c.received();
  assert.deepEqual(seen.map((s) => s.thinks), [true, true]);
  assert.deepEqual(seen[1].users, ['x', 'y']);
});

/** A call that was thought about, and its result: what the provider was sent with that. */
async function signedLoop(c, stream, scenario = 'signed-tools') {
  const ask = { model: c.model(scenario), maxTokens: 4000, think: true, tools: tools([], weather) };
  const first = await c.client.ask({ ...ask, prompt: 'get_weather {"city":"Paris"}' }, { stream });
  const [call, ...more] = first.calls;
  assert.equal(more.length, 0);
  assert.equal(call.name, 'get_weather');
  assert.deepEqual(call.args, { city: 'Paris' });
  assert.equal(first.stop, 'tools');
  const second = await c.client.ask(
    { ...ask, after: first, results: [{ call, value: 'sunny' }] }, { stream });
  assert.match(second.text, /sunny/);
  return (await c.received())[1];
}

// What a provider signed must come back to it with the result of the call
both('signature', async (c, stream) => {
  assert.deepEqual((await signedLoop(c, stream)).signed, [c.signature]);
});

// A client that did not keep it must not be refused: Anthropic is asked not to
// think within this loop, Gemini (since 3) told not to look for signatures
features['signature lost'] = async (c) => {
  const seen = await signedLoop(c, false, 'signed-tools,as=gemini-3-pro');
  assert.equal(seen.thinks, c.kind !== 'anthropic');
  assert.deepEqual(seen.signed, c.kind === 'gemini' ? ['skip_thought_signature_validator'] : []);
};

// ---- errors ------------------------------------------------------------------------

async function failure(c, ask, options) {
  try {
    await c.client.ask(ask, options);
  } catch (e) {
    return c.client.problem(e);
  }
  return assert.fail('there was no error');
}

both('error', async (c, stream) => {
  for (const status of [400, 404, 429, 500]) {
    const problem = await failure(c, { model: c.model(`status,code=${status}`), prompt: 'x' }, { stream });
    assert.equal(problem.status, status);
    assert.match(problem.message, new RegExp(`mock says ${status}`));
  }
  const problem = await failure(c, { model: c.model('reset-before'), prompt: 'x' }, { stream });
  assert.equal(problem.status, 502);
});

features['unknown model'] = async (c) => {
  const problem = await failure(c, { model: 'nobody-knows', prompt: 'x' }, {});
  assert.equal(problem.status, 404);
  assert.match(problem.message, /nobody-knows/);
};

features['error in a stream'] = async (c) => {
  for (const scenario of ['error-middle', 'cut', 'reset-mid', 'broken-event']) {
    let text = '';
    const problem = await failure(c, { model: c.model(scenario), prompt: 'x' },
      { stream: true, onText: (piece) => { text += piece; } });
    assert.match(text, /^Hello/, scenario);
    assert.ok(problem.message.length > 5, scenario);
  }
};

// ---- leaving ------------------------------------------------------------------------

/** Within a second of the client's leaving its provider is let go. */
async function assertLetGo(c, left) {
  for (let i = 0; i < 60; i += 1) {
    const last = (await c.received()).at(-1);
    if (last?.how === 'gone') {
      assert.ok(last.done - left < 1000, `${last.done - left} ms`);
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  assert.fail('the provider is still being read');
}

// Some clients throw when they are told to stop, some only end
async function leave(c, ask, options) {
  const problem = await c.client.ask(ask, options).then(() => undefined, (e) => c.client.problem(e));
  const left = Date.now();
  assert.ok(problem === undefined || problem.aborted, problem?.message);
  if (!c.echo) await assertLetGo(c, left);
}

features.abort = async (c) => {
  const controller = new AbortController();
  let n = 0;
  await leave(c, { model: c.model('slow-stream,n=100,ms=50'), prompt: 'a '.repeat(100), maxTokens: 1000 }, {
    stream: true, signal: controller.signal,
    onText: () => { n += 1; if (n === 3) controller.abort(); },
  });
  assert.ok(n >= 3 && n < 30, `${n} pieces`);
};

features['abort before the answer'] = async (c) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 80);
  await leave(c, { model: c.model('stall-head'), prompt: 'x' }, { signal: controller.signal });
};

export { features };

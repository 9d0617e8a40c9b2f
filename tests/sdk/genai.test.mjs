// genai.test.mjs: what only the Gemini client has, see clients.test.mjs for the rest
import assert from 'node:assert/strict';
import { ApiError, FunctionCallingConfigMode, Type } from '@google/genai';
import { hello } from './features.mjs';
import { tryFeature } from './harness.mjs';
import genai, { client } from './clients/genai.mjs';

const feature = (name, run) => tryFeature(genai, name, run);
const encoded = (c, scenario) => encodeURIComponent(c.model(scenario));
const generate = (model, more = {}) => client.models.generateContent({ model, contents: hello, ...more });

feature('model with a slash as it is', async (c) => {
  assert.equal((await generate(c.model('ok'))).text, hello);
  assert.equal((await generate(`models/${c.model('ok')}`)).text, hello);
});

feature('shape of an answer', async (c) => {
  const answer = await generate(encoded(c, 'ok'));
  assert.equal(answer.candidates.length, 1);
  assert.equal(answer.candidates[0].content.role, 'model');
  assert.equal(answer.candidates[0].finishReason, 'STOP');
  assert.ok(answer.modelVersion);
  assert.ok(answer.responseId);
  const { promptTokenCount, candidatesTokenCount, totalTokenCount } = answer.usageMetadata;
  assert.equal(totalTokenCount, promptTokenCount + candidatesTokenCount);
});

// A schema in OpenAPI's words, as this client's older examples have it
feature('responseSchema', async (c) => {
  const answer = await client.models.generateContent({
    model: encoded(c, 'json'),
    contents: '{"city":"Paris","temp":21}',
    config: {
      responseMimeType: 'application/json',
      responseSchema: {
        type: Type.OBJECT,
        properties: { city: { type: Type.STRING, nullable: true }, temp: { type: Type.NUMBER } },
        required: ['city'],
        propertyOrdering: ['city', 'temp'],
      },
    },
  });
  assert.deepEqual(JSON.parse(answer.text), { city: 'Paris', temp: 21 });
  if (c.echo) return;
  const [{ schema }] = await c.received();
  assert.deepEqual(Object.keys(schema.properties), ['city', 'temp']);
  assert.deepEqual(schema.required, ['city']);
  const words = JSON.stringify(schema.properties.temp);
  assert.match(words, c.kind === 'gemini' ? /NUMBER/ : /"number"/);
});

feature('a forced call', async (c) => {
  const answer = await client.models.generateContent({
    model: encoded(c, 'tools'),
    contents: 'get_weather {"city":"Paris"}',
    config: {
      tools: [{ functionDeclarations: [{
        name: 'get_weather', description: 'the weather',
        parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
      }] }],
      toolConfig: { functionCallingConfig: {
        mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_weather'],
      } },
    },
  });
  assert.deepEqual(answer.functionCalls.map(({ name, args }) => ({ name, args })),
    [{ name: 'get_weather', args: { city: 'Paris' } }]);
  if (c.echo) return;
  const [seen] = await c.received();
  assert.match(JSON.stringify(seen.tools[0].parameters.properties.city),
    c.kind === 'gemini' ? /STRING/ : /"string"/);
});

feature('chats', async (c) => {
  const chat = client.chats.create({ model: encoded(c, 'ok') });
  assert.equal((await chat.sendMessage({ message: 'Hi' })).text, c.echo ? 'Hi' : hello);
  let text = '';
  for await (const chunk of await chat.sendMessageStream({ message: hello })) text += chunk.text ?? '';
  assert.equal(text, hello);
  assert.equal((await chat.sendMessage({ message: hello })).text, hello);
  if (c.echo) return;
  assert.deepEqual((await c.received())[2].users, ['Hi', hello, hello]);
});

feature('classes of errors', async (c) => {
  const rejects = (model, status, more) => assert.rejects(generate(model, more), (e) => {
    assert.ok(e instanceof ApiError, e.constructor.name);
    assert.equal(e.status, status);
    const { error } = JSON.parse(e.message);
    assert.equal(error.code, status);
    assert.match(error.status, /^[A-Z_]+$/);
    return true;
  });
  await rejects('nobody-knows', 404);
  if (c.kind !== 'gemini') await rejects(encoded(c, 'ok'), 400, { contents: [{ role: 'x', parts: [] }] });
  if (c.echo) return;
  for (const status of [400, 404, 429, 500, 503]) {
    await rejects(encoded(c, `status,code=${status}`), status);
  }
  await rejects(encoded(c, 'status,code=401'), 502);
  await rejects(encoded(c, 'html'), 502);
});

feature('the client\'s own timeout', async (c) => {
  await assert.rejects(generate(encoded(c, 'stall-head'), { config: { httpOptions: { timeout: 60 } } }));
});

feature('twenty at once', async (c) => {
  const model = encoded(c, 'ok');
  const all = await Promise.all(Array.from({ length: 20 }, () => generate(model)));
  for (const answer of all) assert.equal(answer.text, hello);
});

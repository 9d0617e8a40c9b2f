// ops.test.mjs: what official clients do beside inference: embeddings, counting tokens, models
import test from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const openai = new OpenAI({ baseURL: process.env.LLMGW_URL, apiKey: 'of-the-client', maxRetries: 0 });
const anthropic = new Anthropic({
  baseURL: process.env.LLMGW_URL.replace(/\/v1$/, ''), apiKey: 'of-the-client', maxRetries: 0,
});
const near = (got, want) => assert.deepEqual(Array.from(new Float32Array(got)),
  Array.from(new Float32Array(want)));
const refused = (status, param) => (e) => {
  assert.equal(e.status, status);
  if (param) assert.equal(e.param, param);
  return true;
};

// ---- embeddings ---------------------------------------------------------------
// The client asks for base64 unless told otherwise, and makes numbers of it.
for (const p of ['mock', 'azure', 'gemini']) {
  for (const format of [undefined, 'float']) {
    test(`${p}: embeddings, ${format ?? 'as the client likes'}`, async () => {
      const more = format ? { encoding_format: format } : {};
      const e = await openai.embeddings.create({ model: `${p}/ok`, input: ['a', 'b'], ...more });
      assert.equal(e.object, 'list');
      assert.equal(e.data.length, 2);
      e.data.forEach((d, i) => {
        assert.equal(d.object, 'embedding');
        assert.equal(d.index, i);
        near(d.embedding, [0.1, -0.25, 1, i]);
      });
      assert.equal(e.usage.prompt_tokens, p === 'gemini' ? 5 : 6);
      assert.ok(e.model);
    });
  }
}

test('echo: embeddings', async () => {
  const ask = (input, dimensions) => openai.embeddings.create({ model: 'echo', input, dimensions });
  const { data } = await ask(['red apple', 'Apple, red', 'blue sky']);
  const dot = (i, j) => data[i].embedding.reduce((n, x, k) => n + x * data[j].embedding[k], 0);
  assert.equal(data[0].embedding.length, 8);
  assert.ok(Math.abs(dot(0, 1) - 1) < 1e-5);
  assert.ok(dot(0, 2) < 0.99);
  assert.equal((await ask('x', 3)).data[0].embedding.length, 3);
});

test('embeddings: errors', async () => {
  const ask = (model, input) => openai.embeddings.create({ model, input });
  await assert.rejects(ask('claude/ok', 'a'), refused(400, 'model'));
  await assert.rejects(ask('gemini/ok', [1, 2]), refused(400, 'input'));
  await assert.rejects(ask('gemini/few-vectors', ['a', 'b']), refused(502));
  await assert.rejects(ask('mock/status,code=429', 'a'), refused(429));
});

// ---- counting tokens ------------------------------------------------------------
const tools = [{ name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } }];
const messages = [{ role: 'user', content: 'How many tokens are these?' }];

for (const [p, want] of [['claude', 42], ['gemini', 31], ['mock'], ['azure'], ['echo']]) {
  test(`${p}: counting tokens`, async () => {
    const ask = { model: `${p}/ok`, messages, tools, system: 'Count.' };
    const { data, response } = await anthropic.messages.countTokens(ask).withResponse();
    if (want) assert.equal(data.input_tokens, want);
    else assert.ok(data.input_tokens > 10 && data.input_tokens < 100);
    assert.equal(response.headers.get('x-llmgw-estimate'), want ? null : 'tokens');
    const beta = await anthropic.beta.messages.countTokens({ ...ask, betas: ['x-2026-01-01'] });
    assert.equal(beta.input_tokens, data.input_tokens);
  });
}

test('counting tokens: errors', async () => {
  const ask = (model) => anthropic.messages.countTokens({ model, messages });
  await assert.rejects(ask('nobody-knows'), Anthropic.NotFoundError);
  await assert.rejects(ask('claude/status,code=400'), Anthropic.BadRequestError);
  await assert.rejects(ask('claude/html'), refused(502));
});

// ---- models ------------------------------------------------------------------------
test('models, page by page', async () => {
  const all = [];
  for await (const m of openai.models.list()) all.push(m.id);
  assert.ok(all.length > 1);
  const paged = [];
  for await (const m of anthropic.models.list({ limit: 1 })) paged.push(m.id);
  assert.deepEqual(paged, all);
  const back = await anthropic.models.list({ limit: 1, before_id: all[1] });
  assert.equal(back.data[0].id, all[0]);
  assert.equal((await anthropic.models.retrieve(all[0])).id, all[0]);
  assert.equal((await openai.models.retrieve(all[0])).id, all[0]);
});

// raw.test.mjs: official clients on paths that pass through as they are, against
// a mock of this file's own that keeps what it received
import test, { after, before, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import process from 'node:process';
import OpenAI, { toFile } from 'openai';
import Anthropic from '@anthropic-ai/sdk';

const baseURL = process.env.LLMGW_URL;
const openai = new OpenAI({ baseURL, apiKey: 'of-the-client', maxRetries: 0 });
const claude = new Anthropic({
  baseURL: baseURL.replace(/\/v1$/, ''), apiKey: 'of-the-client', maxRetries: 0,
});
const sound = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 256));

// ---- the mock -----------------------------------------------------------------------
const json = (body) => ({ type: 'application/json', body: JSON.stringify(body) });
const list = (...data) => json({ object: 'list', data, has_more: false });
const file = { id: 'file-1', object: 'file', bytes: 3, filename: 'a.jsonl', purpose: 'batch' };
const batch = { id: 'batch_1', object: 'batch', status: 'validating', input_file_id: 'file-1' };
const image = json({ created: 1, data: [{ b64_json: 'aW1hZ2U=' }], usage: { input_tokens: 1 } });
const completion = {
  id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm',
  choices: [{ text: 'Hello', index: 0, finish_reason: 'stop' }],
};
const answers = {
  'POST /v1/completions': (r) => (JSON.parse(r.body).stream
    ? { type: 'text/event-stream', body: `data: ${JSON.stringify(completion)}\n\ndata: [DONE]\n\n` }
    : json(completion)),
  'POST /v1/moderations': () => json({ id: 'modr-1', model: 'm', results: [{ flagged: true }] }),
  'POST /v1/images/generations': () => image,
  'POST /v1/images/edits': () => image,
  'POST /v1/audio/transcriptions': () => json({ text: 'what was said' }),
  'POST /v1/audio/translations': () => json({ text: 'in English' }),
  'POST /v1/audio/speech': () => ({ type: 'audio/mpeg', body: sound }),
  'POST /v1/files': () => json(file),
  'GET /v1/files': () => list(file),
  'GET /v1/files/file-1': () => json(file),
  'GET /v1/files/file-1/content': () => ({ type: 'application/octet-stream', body: sound }),
  'DELETE /v1/files/file-1': () => json({ id: 'file-1', object: 'file', deleted: true }),
  'POST /v1/uploads': () => json({ id: 'up-1', object: 'upload', status: 'pending' }),
  'POST /v1/uploads/up-1/parts': () => json({ id: 'part-1', object: 'upload.part' }),
  'POST /v1/uploads/up-1/complete': () => json({ id: 'up-1', object: 'upload', status: 'completed' }),
  'POST /v1/batches': () => json(batch),
  'GET /v1/batches': () => list(batch),
  'GET /v1/batches/batch_1': () => json(batch),
  'POST /v1/batches/batch_1/cancel': () => json({ ...batch, status: 'cancelling' }),
  'GET /v1/files/none': () => ({
    status: 404, ...json({ error: { message: 'No such File', type: 'invalid_request_error', code: null } }),
  }),
  'POST /v1/messages/batches': () => json({ id: 'msgbatch_1', type: 'message_batch', processing_status: 'in_progress' }),
  'GET /v1/messages/batches/msgbatch_1': () => json({
    id: 'msgbatch_1', type: 'message_batch', processing_status: 'ended',
    // Anthropic's names its own host: addresses in bodies are not rewritten
    results_url: `${baseURL}/messages/batches/msgbatch_1/results`,
  }),
  'GET /v1/messages/batches/msgbatch_1/results': () => ({
    type: 'application/x-jsonl', body: '{"custom_id":"a","result":{"type":"expired"}}\n',
  }),
};
let got;
const mock = http.createServer(async (req, res) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  const url = new URL(req.url, 'http://mock');
  const r = {
    method: req.method, path: url.pathname, query: url.searchParams, headers: req.headers,
    body: Buffer.concat(parts),
  };
  got.push(r);
  const answer = answers[`${r.method} ${r.path}`]?.(r)
    ?? { status: 404, ...json({ error: { message: `mock: no ${r.path}` } }) };
  res.writeHead(answer.status ?? 200, { 'Content-Type': answer.type });
  res.end(answer.body);
});
before(() => new Promise((done) => {
  mock.listen(process.env.LLMGW_RAW_PORT, '127.0.0.1', done);
}));
after(() => { mock.close(); mock.closeAllConnections(); });
beforeEach(() => { got = []; });

// The one request the mock got; its form's fields and files
function received(method, path, key = 'authorization') {
  assert.equal(got.length, 1, JSON.stringify(got.map((r) => r.path)));
  assert.equal(`${got[0].method} ${got[0].path}`, `${method} ${path}`);
  assert.match(got[0].headers[key], /sdk-test-key/);
  assert.ok(!JSON.stringify(got[0].headers).includes('of-the-client'));
  return got[0];
}
async function form(r) {
  const type = r.headers['content-type'];
  return new Response(r.body, { headers: { 'Content-Type': type } }).formData();
}
const bytes = async (response) => Buffer.from(await response.arrayBuffer());
const upload = () => toFile(sound, 'a.mp3', { type: 'audio/mpeg' });

// ---- paths with a model -------------------------------------------------------------
test('completions', async () => {
  const c = await openai.completions.create({ model: 'raw/gpt-i', prompt: 'Hi' });
  assert.equal(c.choices[0].text, 'Hello');
  assert.deepEqual(JSON.parse(received('POST', '/v1/completions').body), { model: 'gpt-i', prompt: 'Hi' });
});

test('completions, streamed', async () => {
  let text = '';
  const s = await openai.completions.create({ model: 'raw-c', prompt: 'Hi', stream: true });
  for await (const chunk of s) text += chunk.choices[0].text;
  assert.equal(text, 'Hello');
  assert.equal(JSON.parse(received('POST', '/v1/completions').body).model, 'raw-c');
});

test('moderations, without a model', async () => {
  const m = await openai.moderations.create({ input: 'x' });
  assert.equal(m.results[0].flagged, true);
  assert.deepEqual(JSON.parse(received('POST', '/v1/moderations').body), { input: 'x' });
});

test('images.generate', async () => {
  const i = await openai.images.generate({ model: 'raw/gpt-image', prompt: 'a cat' });
  assert.equal(i.data[0].b64_json, 'aW1hZ2U=');
  assert.equal(JSON.parse(received('POST', '/v1/images/generations').body).model, 'gpt-image');
});

test('images.edit', async () => {
  const i = await openai.images.edit({
    model: 'raw/gpt-image', prompt: 'a dog', image: await toFile(sound, 'a.png', { type: 'image/png' }),
  });
  assert.equal(i.data[0].b64_json, 'aW1hZ2U=');
  const f = await form(received('POST', '/v1/images/edits'));
  assert.equal(f.get('model'), 'gpt-image');
  assert.equal(f.get('prompt'), 'a dog');
  assert.deepEqual(await bytes(f.get('image')), sound);
});

test('audio.transcriptions', async () => {
  const t = await openai.audio.transcriptions.create({ model: 'raw/whisper-1', file: await upload() });
  assert.equal(t.text, 'what was said');
  const f = await form(received('POST', '/v1/audio/transcriptions'));
  assert.equal(f.get('model'), 'whisper-1');
  assert.equal(f.get('file').name, 'a.mp3');
  assert.deepEqual(await bytes(f.get('file')), sound);
});

test('audio.translations', async () => {
  const t = await openai.audio.translations.create({ model: 'raw-w', file: await upload() });
  assert.equal(t.text, 'in English');
  assert.equal((await form(received('POST', '/v1/audio/translations'))).get('model'), 'raw-w');
});

test('audio.speech', async () => {
  const s = await openai.audio.speech.create({ model: 'raw/tts-1', voice: 'alloy', input: 'Hi' });
  assert.equal(s.headers.get('content-type'), 'audio/mpeg');
  assert.deepEqual(await bytes(s), sound);
  assert.equal(JSON.parse(received('POST', '/v1/audio/speech').body).model, 'tts-1');
});

// ---- what the provider keeps -----------------------------------------------------------
test('files.create', async () => {
  const f = await openai.files.create({ file: await upload(), purpose: 'batch' });
  assert.equal(f.id, 'file-1');
  const sent = await form(received('POST', '/v1/files'));
  assert.equal(sent.get('purpose'), 'batch');
  assert.deepEqual(await bytes(sent.get('file')), sound);
});

test('files.list', async () => {
  const names = [];
  for await (const f of openai.files.list({ limit: 2, purpose: 'batch' })) names.push(f.filename);
  assert.deepEqual(names, ['a.jsonl']);
  const { query } = received('GET', '/v1/files');
  assert.equal(`${query.get('limit')} ${query.get('purpose')}`, '2 batch');
});

test('files.retrieve, content, delete', async () => {
  assert.equal((await openai.files.retrieve('file-1')).id, 'file-1');
  assert.deepEqual(await bytes(await openai.files.content('file-1')), sound);
  got = [];
  assert.equal((await openai.files.delete('file-1')).deleted, true);
  received('DELETE', '/v1/files/file-1');
});

test('a file that is not there', async () => {
  await assert.rejects(openai.files.retrieve('none'), (e) => {
    assert.ok(e instanceof OpenAI.NotFoundError);
    assert.match(e.message, /No such File/);
    assert.ok(e.requestID);
    return true;
  });
});

test('uploads', async () => {
  const u = await openai.uploads.create({
    bytes: sound.length, filename: 'a.mp3', mime_type: 'audio/mpeg', purpose: 'batch',
  });
  const p = await openai.uploads.parts.create(u.id, { data: await upload() });
  const done = await openai.uploads.complete(u.id, { part_ids: [p.id] });
  assert.equal(done.status, 'completed');
  assert.deepEqual(await bytes((await form(got[1])).get('data')), sound);
  assert.deepEqual(JSON.parse(got[2].body), { part_ids: ['part-1'] });
});

test('batches', async () => {
  const b = await openai.batches.create({
    input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h',
  });
  assert.equal(b.id, 'batch_1');
  assert.equal(JSON.parse(received('POST', '/v1/batches').body).input_file_id, 'file-1');
  assert.equal((await openai.batches.retrieve('batch_1')).status, 'validating');
  assert.equal((await openai.batches.cancel('batch_1')).status, 'cancelling');
  assert.equal((await openai.batches.list()).data[0].id, 'batch_1');
});

test('what does not pass', async () => {
  await assert.rejects(openai.vectorStores.list(), (e) => {
    assert.ok(e instanceof OpenAI.NotFoundError);
    assert.equal(e.code, 'unknown_url');
    return true;
  });
  assert.equal(got.length, 0);
});

test('Anthropic: message batches', async () => {
  const requests = [{
    custom_id: 'a',
    params: { model: 'claude-x', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] },
  }];
  const b = await claude.messages.batches.create({ requests });
  assert.equal(b.id, 'msgbatch_1');
  const r = received('POST', '/v1/messages/batches', 'x-api-key');
  assert.deepEqual(JSON.parse(r.body), { requests });
  const results = [];
  for await (const one of await claude.messages.batches.results('msgbatch_1')) results.push(one.result.type);
  assert.deepEqual(results, ['expired']);
});

test('Anthropic: an error is one of theirs', async () => {
  await assert.rejects(claude.messages.batches.retrieve('none'), (e) => {
    assert.ok(e instanceof Anthropic.NotFoundError);
    return true;
  });
});

// fixtures.test.mjs: recorded answers of real providers through the gateway
import test from 'node:test';
import assert from 'node:assert/strict';
import process from 'node:process';
import { fixtures, answer, request } from './fixtures.mjs';
import { events } from './wire.mjs';

const url = process.env.LLMGW_URL;
const dir = process.env.LLMGW_FIXTURES;

const post = (body) => fetch(`${url}/chat/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const chunks = (text) => events(text).filter((d) => d !== '[DONE]').map((d) => JSON.parse(d));

// The text a recorded Anthropic answer holds: of its first message
function anthropicText(f, body) {
  if (f.mode !== 'stream') {
    return JSON.parse(body).content.filter((b) => b.type === 'text').map((b) => b.text).join('');
  }
  let text = '';
  for (const e of events(body).map((d) => JSON.parse(d))) {
    if (e.type === 'message_stop') break;
    if (e.type === 'content_block_start' && e.content_block.type === 'text') text += e.content_block.text;
    if (e.type === 'content_block_delta' && e.delta.type === 'text_delta') text += e.delta.text;
  }
  return text;
}

function chatText(f, body) {
  if (f.mode !== 'stream') return JSON.parse(body).choices[0].message.content ?? '';
  return chunks(body).flatMap((c) => c.choices).map((c) => c.delta?.content ?? '').join('');
}

// An error event before any content: a real status, with its message
async function assertError(res, recorded) {
  const want = JSON.parse(events(recorded)[0]).error.message;
  assert.ok(res.status >= 500, `status ${res.status}`);
  assert.equal((await res.json()).error.message, want);
}

if (!dir) {
  test('recorded exchanges: none beside this checkout', () => {});
} else {
  for (const f of fixtures(dir, 'openai-chat')) {
    test(`${f.id}: ${f.mode} ${f.status} ${f.features}`, async () => {
      const recorded = request(dir, f) ?? { messages: [{ role: 'user', content: 'hi' }] };
      const body = { ...recorded, model: `${f.id}/${f.model || 'any'}`, stream: f.mode === 'stream' };
      const expected = answer(dir, f);
      const res = await post(body);
      if (/stream_error/.test(f.features)) {
        await assertError(res, expected.toString());
        return;
      }
      const got = Buffer.from(await res.arrayBuffer());
      assert.equal(res.status, +f.status);
      if (f.status === '200') {
        assert.equal(got.toString('latin1'), expected.toString('latin1'));
      } else {
        const want = JSON.parse(expected).error;
        const { error } = JSON.parse(got);
        assert.equal(error.message, want.message);
        assert.equal(error.code, want.code);
      }
    });
  }

  for (const f of fixtures(dir, 'anthropic')) {
    test(`${f.id}: ${f.mode} ${f.status} ${f.features}`, async () => {
      const stream = f.mode === 'stream';
      const res = await post({
        model: `${f.id}/${f.model || 'any'}`, stream,
        messages: [{ role: 'user', content: 'hi' }],
      });
      const expected = answer(dir, f).toString();
      if (/error_first_event/.test(f.features)) {
        await assertError(res, expected);
        return;
      }
      const got = await res.text();
      assert.equal(res.status, +f.status);
      if (f.status !== '200') {
        assert.equal(JSON.parse(got).error.message, JSON.parse(expected).error.message);
        return;
      }
      assert.equal(chatText(f, got), anthropicText(f, expected));
      if (!stream) {
        assert.ok(JSON.parse(got).choices[0].finish_reason);
        return;
      }
      assert.equal(events(got).at(-1), '[DONE]');
      const finishes = chunks(got).flatMap((c) => c.choices).filter((c) => c.finish_reason);
      assert.equal(finishes.length, 1);
    });
  }
}

// wire.mjs: requests in each client's API without a client, and what comes back as it is
import process from 'node:process';

const base = process.env.LLMGW_URL.replace(/\/v1$/, '');
const user = [{ role: 'user', content: 'hi' }];

/** The paths and bodies of the APIs; `more` is merged into the body. */
const apis = {
  chat: (model, stream) => ['/v1/chat/completions',
    { model, stream, messages: user, ...(stream && { stream_options: { include_usage: true } }) }],
  messages: (model, stream) => ['/v1/messages', { model, stream, max_tokens: 1000, messages: user }],
  responses: (model, stream) => ['/v1/responses', { model, stream, input: user }],
  gemini: (model, stream) => [
    `/v1beta/models/${encodeURIComponent(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
};

/** The names of the APIs. */
export const dialects = Object.keys(apis);

/** The data of the events of a stream, as texts. */
export const events = (text) => text.split(/\r?\n\r?\n/)
  .map((block) => block.split(/\r?\n/).filter((l) => l.startsWith('data:'))
    .map((l) => l.slice(5).trimStart()).join('\n'))
  .filter((data) => data);

/** Ask a model in an API's words: status, type of the content, and text of the answer. */
export async function ask(dialect, model, stream, more = {}) {
  const [path, body] = apis[dialect](model, stream);
  const res = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...more }),
  });
  return {
    status: res.status,
    isStream: (res.headers.get('content-type') ?? '').startsWith('text/event-stream'),
    text: await res.text(),
  };
}

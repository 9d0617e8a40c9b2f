// genai.mjs: the official Gemini client, generateContent
import process from 'node:process';
import { ApiError, GoogleGenAI } from '@google/genai';
import { z } from 'zod';

export const client = new GoogleGenAI({
  apiKey: 'of-the-client',
  httpOptions: { baseUrl: process.env.LLMGW_URL.replace(/\/v1$/, '') },
});
const stops = { STOP: 'end', MAX_TOKENS: 'length' };

// The client puts a model's name into the path as it is
const model = (ask) => encodeURIComponent(ask.model);

const declare = (t) => ({
  name: t.name, description: t.description, parametersJsonSchema: z.toJSONSchema(t.schema),
});
const respond = ({ id, name }, value) => ({ functionResponse: { id, name, response: { output: value } } });

function newTurn(ask) {
  if (ask.results) {
    return { role: 'user', parts: ask.results.map(({ call, value }) => respond(call, value)) };
  }
  return { role: 'user', parts: [{ text: ask.prompt },
    ...(ask.image ? [{ inlineData: { mimeType: 'image/png', data: ask.image } }] : [])] };
}

const params = (ask, signal) => ({
  model: model(ask),
  contents: [...(ask.after?.turns ?? []), newTurn(ask)],
  config: {
    abortSignal: signal,
    systemInstruction: ask.system,
    maxOutputTokens: ask.maxTokens,
    thinkingConfig: ask.think && { includeThoughts: true, thinkingBudget: 2000 },
    tools: ask.tools && [{ functionDeclarations: ask.tools.map(declare) }],
    ...(ask.schema && {
      responseMimeType: 'application/json', responseJsonSchema: z.toJSONSchema(ask.schema),
    }),
  },
});

const join = (parts) => parts.map((p) => p.text ?? '').join('');

function toAnswer(ask, contents, parts, last) {
  const text = join(parts.filter((p) => !p.thought));
  const calls = parts.filter((p) => p.functionCall).map((p) => p.functionCall);
  const { usageMetadata: usage } = last;
  return {
    text,
    thinking: join(parts.filter((p) => p.thought)),
    object: ask.schema && JSON.parse(text),
    calls,
    stop: calls.length ? 'tools' : stops[last.candidates[0].finishReason],
    usage: { input: usage.promptTokenCount, output: usage.candidatesTokenCount },
    turns: [...contents, { role: 'model', parts }],
  };
}

/** What the client's own loop calls. */
const callable = (tools) => ({
  tool: async () => ({ functionDeclarations: tools.map(declare) }),
  callTool: async (calls) => calls.map((call) => respond(call,
    tools.find((t) => t.name === call.name).run(call.args))),
});

async function drain(stream, onText) {
  const parts = [];
  let last;
  for await (const chunk of stream) {
    for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
      parts.push(part);
      if (part.text && !part.thought) onText?.(part.text);
    }
    last = chunk;
  }
  return { parts, last };
}

export default {
  name: '@google/genai',
  speaks: 'gemini',
  cannot: { 'signature lost': 'it keeps what was signed' },

  async ask(ask, { stream, signal, onText }) {
    const body = params(ask, signal);
    const { contents } = body;
    if (stream) {
      const { parts, last } = await drain(await client.models.generateContentStream(body), onText);
      return toAnswer(ask, contents, parts, last);
    }
    const response = await client.models.generateContent(body);
    return toAnswer(ask, contents, response.candidates[0].content.parts, response);
  },

  async loop(ask, { stream }) {
    const body = params(ask);
    body.config.tools = [callable(ask.tools)];
    if (!stream) return { text: (await client.models.generateContent(body)).text };
    const { parts } = await drain(await client.models.generateContentStream(body));
    return { text: join(parts) };
  },

  problem: (e) => ({
    status: e instanceof ApiError ? e.status : undefined,
    message: e.message,
    aborted: e.name === 'AbortError',
  }),
};

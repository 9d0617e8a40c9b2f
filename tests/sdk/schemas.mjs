// schemas.mjs: the APIs' published schemas, made strict
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import Ajv from 'ajv/dist/2020.js';
import { ofOpenAI, ofOpenResponses } from './deviations.mjs';

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

/**
 * The names of definitions that others are made of: they cannot be closed. One
 * that stands alone in an allOf is only being described there.
 */
function findBases(node, found = new Set()) {
  if (Array.isArray(node)) node.forEach((v) => findBases(v, found));
  if (!isObject(node)) return found;
  const parts = [node, ...node.allOf ?? []].filter((part) => part.$ref || part.properties || part.anyOf);
  if (parts.length > 1) {
    for (const { $ref } of parts) if ($ref) found.add($ref.split('/').at(-1));
  }
  Object.values(node).forEach((v) => findBases(v, found));
  return found;
}

/** OpenAPI's nullable, as JSON Schema has it. */
function openNull(schema) {
  const { nullable, ...rest } = schema;
  if (nullable === undefined) return;
  Object.keys(schema).forEach((key) => delete schema[key]);
  Object.assign(schema, nullable ? { anyOf: [rest, { type: 'null' }] } : rest);
}

/** No member that is not listed, wherever a schema lists members. */
function close(schema, isPart) {
  if (!isObject(schema)) return;
  openNull(schema);
  if (!isPart && (schema.properties || schema.allOf) && schema.additionalProperties === undefined) {
    schema.unevaluatedProperties = false;
  }
  for (const part of schema.allOf ?? []) close(part, true);
  for (const one of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) close(one, isPart);
  Object.values(schema.properties ?? {}).forEach((s) => close(s, false));
  close(schema.items, false);
  close(schema.additionalProperties, false);
}

/**
 * A file's definitions, and of(name), which gives the validator of one:
 * (value) => [what is wrong]. extend(definitions) may add what is not in the
 * schema on purpose.
 */
function load(dir, file, extend) {
  const doc = JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8'));
  const at = doc.definitions ? 'definitions' : 'components/schemas';
  const definitions = doc.definitions ?? doc.components.schemas;
  const bases = findBases(doc);
  extend?.(definitions);
  for (const [name, schema] of Object.entries(definitions)) close(schema, bases.has(name));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: file, [at.split('/')[0]]: doc.definitions ?? doc.components });
  const of = (name) => {
    let validate;
    return (value) => {
      validate ??= ajv.compile({ $ref: `${file}#/${at}/${name}` });
      return validate(value) ? [] : validate.errors.map((e) =>
        `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
    };
  };
  return { definitions, of };
}

/** A validator of Responses' events, each by the definition that has its type. */
function eventsOf({ definitions, of }) {
  const validators = new Map();
  for (const [name, { properties }] of Object.entries(definitions)) {
    if (properties?.sequence_number) {
      for (const type of properties.type.enum) validators.set(type, of(name));
    }
  }
  return (event) => validators.get(event.type)?.(event) ?? [`no event is ${event.type}`];
}

// What clients and servers of OpenAI's API know beyond its own schema: reasoning,
// Google's signatures of calls, annotations in streams; and the gateway's id of
// the request in errors
function extendOpenAI(d) {
  const add = (name, members) => Object.assign(d[name].properties, members);
  const string = { type: 'string' };
  const array = { type: 'array' };
  for (const name of ['ChatCompletionResponseMessage', 'ChatCompletionStreamResponseDelta',
    'ChatCompletionRequestAssistantMessage']) {
    add(name, { reasoning_content: string, reasoning_details: array });
  }
  for (const name of ['ChatCompletionMessageToolCall', 'ChatCompletionMessageToolCallChunk']) {
    add(name, { extra_content: { type: 'object' } });
  }
  d.ChatCompletionMessageToolCallChunk.properties.type.enum.push('custom');
  add('ChatCompletionMessageToolCallChunk', { custom: { type: 'object' } });
  const { annotations } = d.ChatCompletionResponseMessage.properties;
  add('ChatCompletionStreamResponseDelta', { annotations: structuredClone(annotations) });
  add('ErrorResponse', { request_id: string });
}

// Anthropic's documentation has a kind of error that its client's types have not
function extendAnthropic(d) {
  d.ErrorObject.anyOf.push({
    type: 'object', required: ['type', 'message'],
    properties: { type: { const: 'request_too_large' }, message: { type: 'string' } },
  });
}

const deviate = (list, without) => (definitions) =>
  list.filter((one) => one !== without).forEach(([, change]) => change(definitions));

// Responses, by the two schemas there are of them; without: a deviation to leave out
const responsesBy = {
  responses: (at, without) => {
    const api = load(at, 'openai-subset.json', deviate(ofOpenAI, without));
    return { whole: api.of('Response'), event: eventsOf(api), error: api.of('ErrorResponse') };
  },
  openResponses: (at, without) => {
    const api = load(at, 'openresponses.json', deviate(ofOpenResponses, without));
    return { whole: api.of('ResponseResource'), event: eventsOf(api) };
  },
};
const deviations = { responses: ofOpenAI, openResponses: ofOpenResponses };

function loadAll(at) {
  const openai = load(at, 'openai-subset.json', extendOpenAI);
  const anthropic = load(at, 'anthropic.json', extendAnthropic);
  const gemini = load(at, 'gemini.json').of('GeminiResponse');
  return {
    chat: {
      whole: openai.of('CreateChatCompletionResponse'),
      event: openai.of('CreateChatCompletionStreamResponse'),
      error: openai.of('ErrorResponse'),
      request: openai.of('CreateChatCompletionRequest'),
    },
    messages: {
      whole: anthropic.of('Message'),
      event: anthropic.of('RawMessageStreamEvent'),
      error: anthropic.of('ErrorResponse'),
      request: anthropic.of('MessageCreateParamsBase'),
    },
    gemini: { whole: gemini, event: gemini },
    responses: responsesBy.responses(at),
    openResponses: responsesBy.openResponses(at),
  };
}

const at = process.env.LLMGW_FIXTURES && path.join(process.env.LLMGW_FIXTURES, '../data/schemas');

/**
 * Per API: what a whole answer, an event, an error and a request must be, as
 * functions of a value that tell what is wrong with it. Gemini's schema has
 * answers only, Open Responses' no errors. Undefined where no schemas are beside
 * this checkout.
 */
export const schemas = at ? loadAll(at) : undefined;

/** The schemas of Responses, each without one of its deviations: [schema, reason, validators]. */
export function* deviating() {
  for (const [name, list] of Object.entries(deviations)) {
    for (const one of list) yield [name, one[0], responsesBy[name](at, one)];
  }
}

// deviations.mjs: where Responses are written otherwise than a schema says, and why
//
// Lists of [reason, change]: change(definitions) lets the schema take it. Whoever
// loads a schema without one of them finds answers that are refused (see
// schemas.test.mjs), so that none stays that is needed no more.

const string = { type: 'string' };
const status = { enum: ['in_progress', 'completed', 'incomplete'] };
const nothing = { type: 'null' };
const orNull = (schema) => ({ anyOf: [schema, nothing] });
const add = (schema, members) => Object.assign(schema.properties, members);
const own = (d, name) => d[name].allOf.at(-1);

const signature = ['the signature of a call of Gemini\'s, as Google writes it for OpenAI\'s clients',
  (call) => add(call, { extra_content: { type: 'object' } })];

/** Of OpenAI's own schema. */
export const ofOpenAI = [
  ['usage is null before the end: OpenAI writes it so', (d) => {
    const { usage } = own(d, 'Response').properties;
    add(own(d, 'Response'), { usage: orNull(usage) });
  }],
  ['penalties and store are in what OpenAI answers, and Open Responses requires them', (d) =>
    add(own(d, 'Response'), {
      presence_penalty: { type: 'number' }, frequency_penalty: { type: 'number' },
      store: { type: 'boolean' },
    })],
  ['text.format.description may be null: OpenAI writes it so, and Open Responses requires it', (d) =>
    add(d.TextResponseFormatJsonSchema, { description: orNull(string) })],
  ['an error event has Open Responses\' nested error too: OpenAI\'s client throws for that only', (d) =>
    add(d.ResponseErrorEvent, { error: { type: 'object' } })],
  [signature[0], (d) => signature[1](d.FunctionToolCall)],
  ['a call of a custom tool has a status, as all items of the gateway\'s have', (d) =>
    add(d.CustomToolCall, { status })],
  ['an error has the id of the request', (d) => add(d.ErrorResponse, { request_id: string })],
];

// A definition of an event, as another one but for the type
const rename = (d, from, type) => ({
  ...structuredClone(d[from]),
  properties: { ...structuredClone(d[from].properties), type: { enum: [type] } },
});

/** Of Open Responses', which has fewer things than OpenAI. */
export const ofOpenResponses = [
  ['reasoning has OpenAI\'s names of events: clients read those, none here the others', (d) => {
    d.OpenAIReasoningDeltaStreamingEvent = rename(d, 'ResponseReasoningDeltaStreamingEvent',
      'response.reasoning_text.delta');
    d.OpenAIReasoningDoneStreamingEvent = rename(d, 'ResponseReasoningDoneStreamingEvent',
      'response.reasoning_text.done');
  }],
  ['cache_write_tokens: OpenAI requires it', (d) =>
    add(d.InputTokensDetails, { cache_write_tokens: { type: 'integer' } })],
  ['an item of reasoning has a status, as OpenAI\'s may: all items of the gateway\'s have', (d) =>
    add(d.ReasoningBody, { status })],
  ['the end of arguments has the function\'s name: OpenAI requires it', (d) =>
    add(d.ResponseFunctionCallArgumentsDoneStreamingEvent, { name: string })],
  ['an error event has OpenAI\'s members beside the nested ones', (d) =>
    add(d.ErrorStreamingEvent, { code: orNull(string), message: string, param: orNull(string) })],
  [signature[0], (d) => signature[1](d.FunctionCall)],
  ['a schema of structured output is an object; its own would have it null', (d) =>
    add(d.JsonSchemaResponseFormat, { schema: { type: 'object' } })],
  ['user: OpenAI gives it back', (d) => add(d.ResponseResource, { user: string })],
  ['custom tools are OpenAI\'s own', (d) => d.Tool.oneOf.push({
    type: 'object', required: ['type', 'name'],
    properties: { type: { enum: ['custom'] }, name: string },
  })],
  ['calls of custom tools are items of OpenAI\'s own', (d) => {
    d.CustomCall = {
      type: 'object', required: ['id', 'type', 'call_id', 'name', 'input'],
      properties: { ...d.FunctionCall.properties, type: { enum: ['custom_tool_call'] }, input: string },
    };
    delete d.CustomCall.properties.arguments;
    delete d.CustomCall.properties.extra_content;
    d.ItemField.oneOf.push({ $ref: '#/components/schemas/CustomCall' });
  }],
  ['and their input comes in events of OpenAI\'s own', (d) => {
    for (const [end, member] of [['Delta', 'delta'], ['Done', 'input']]) {
      d[`CustomInput${end}StreamingEvent`] = {
        type: 'object',
        required: ['type', 'sequence_number', 'item_id', 'output_index', member],
        properties: {
          type: { enum: [`response.custom_tool_call_input.${end.toLowerCase()}`] },
          sequence_number: { type: 'integer' }, item_id: string,
          output_index: { type: 'integer' }, [member]: string,
        },
      };
    }
  }],
];

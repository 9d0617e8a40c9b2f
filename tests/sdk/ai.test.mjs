// ai.test.mjs: what only the AI SDK has, see clients.test.mjs for the rest
import assert from 'node:assert/strict';
import { generateObject, generateText, Output, streamText, ToolLoopAgent, tool } from 'ai';
import { z } from 'zod';
import { hello } from './features.mjs';
import { tryFeature } from './harness.mjs';
import clients from './clients/ai.mjs';

const paris = { city: 'Paris', temp: 21 };
const schema = z.object({ city: z.string(), temp: z.number() });

for (const client of clients) {
  const feature = (name, run) => tryFeature(client, name, run);
  const setup = (c, scenario, ask = {}) => ({
    model: client.model(c.model(scenario)), maxRetries: 0, providerOptions: client.options?.(ask),
  });

  feature('generateObject', async (c) => {
    const { object } = await generateObject({
      ...setup(c, 'json'), schema, prompt: JSON.stringify(paris),
    });
    assert.deepEqual(object, paris);
  });

  // Models that Anthropic has no structured output for are made to call a tool
  if (client.speaks === 'anthropic') {
    feature('structured output by a tool', async (c) => {
      const { output } = await generateText({
        ...setup(c, 'sensible'), output: Output.object({ schema: z.object({ city: z.string() }) }),
        providerOptions: { anthropic: { structuredOutputMode: 'jsonTool' } }, prompt: 'life in Paris',
      });
      assert.deepEqual(output, { city: 'Paris' });
    });
  }

  feature('partial output of a stream', async (c) => {
    const result = streamText({
      ...setup(c, 'json'), output: Output.object({ schema }), prompt: JSON.stringify(paris),
    });
    const partial = [];
    for await (const object of result.partialOutputStream) partial.push(object);
    assert.deepEqual(partial.at(-1), paris);
    assert.deepEqual(await result.output, paris);
  });

  feature('agent', async (c) => {
    const agent = new ToolLoopAgent({
      ...setup(c, 'tools'), instructions: 'Be brief.',
      tools: { get_weather: tool({
        description: 'the weather', inputSchema: z.object({ city: z.string() }),
        execute: ({ city }) => ({ city, sky: 'sunny' }),
      }) },
    });
    const { text, steps } = await agent.generate({ prompt: 'get_weather {"city":"Paris"}' });
    assert.equal(steps.length, 2);
    assert.match(text, /sunny/);
    if (c.echo) return;
    const [first, second] = await c.received();
    assert.equal(first.system, 'Be brief.');
    assert.match(second.results[0], /sunny/);
  });

  feature('twenty at once', async (c) => {
    const how = setup(c, 'ok');
    const all = await Promise.all(Array.from({ length: 20 }, () =>
      generateText({ ...how, prompt: hello })));
    for (const { text } of all) assert.equal(text, hello);
  });
}

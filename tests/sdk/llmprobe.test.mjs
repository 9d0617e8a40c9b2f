// llmprobe.test.mjs: a suite of conformance, with a provider that answers as a model would
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { note } from './harness.mjs';

// What counts; llmprobe looks at whatever else it finds
const surfaces = ['models', 'chat', 'messages', 'responses'];

// What a kind of provider has no words for: left out, and named in X-LLMGW-Dropped
// Of reasoning, OpenAI's names are written: llmprobe's own reader, too, knows these
const names = { 'responses-streaming': 'reasoning has the names of OpenAI\'s events' };
const limits = {
  openai: names,
  'openai-responses': {
    'chat-stop-string': 'Responses has no stop sequences',
    'messages-stop-sequence-echo': 'Responses has no stop sequences',
    'chat-limits-max-tokens': 'OpenAI takes no fewer than 16 tokens',
    'messages-limits-max-tokens': 'OpenAI takes no fewer than 16 tokens',
  },
  anthropic: { ...names, 'chat-logprobs': 'Anthropic has no logprobs' },
  gemini: {
    ...names,
    'responses-parallel-tools-off': 'Gemini calls as many tools as it likes',
    'chat-parallel-tools-off': 'Gemini calls as many tools as it likes',
    'messages-parallel-tools-off': 'Gemini calls as many tools as it likes',
    'messages-stop-sequence-echo': 'Gemini does not tell which stop sequence it was',
  },
};

const require = createRequire(import.meta.url);
const program = path.join(path.dirname(require.resolve('llmprobe/package.json')),
  'bin/dist/llmprobe.mjs');

/** Its report on a model, as JSON. */
function probe(model) {
  const child = spawn(process.execPath, ['--import', './node18.mjs', program,
    process.env.LLMGW_URL, '--model', model, '--api-key', 'of-the-client',
    '--full', '--json', '--no-bench', '--no-save'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => { out += piece; });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(JSON.parse(out)));
  });
}

const must = (result) => result.failures.filter((f) => f.severity === 'MUST');
const say = (failures) => failures.map((f) => `${f.label}: ${f.message}`).join('\n');

/** A skipped test's reason, or undefined; throws where it should have passed. */
function judge(kind, result) {
  const limit = limits[kind][result.id];
  const failures = must(result);
  if (limit) {
    assert.ok(failures.length, `it passes: ${limit} no more`);
    return limit;
  }
  assert.equal(failures.length, 0, say(failures));
  if (result.outcome === 'pass') return undefined;
  assert.ok(['unsupported', 'inconclusive'].includes(result.outcome), result.outcome);
  return result.reason;
}

for (const kind of Object.keys(limits)) {
  test(`llmprobe, ${kind}`, async (t) => {
    const { conformance } = await probe(`sensible-${kind}`);
    for (const result of conformance.results.filter((r) => surfaces.includes(r.surface))) {
      await t.test(`llmprobe, ${kind}: ${result.id}`, (s) => {
        const why = judge(kind, result);
        if (why) s.skip(why);
      });
    }
    for (const surface of surfaces) {
      const { passed, total } = conformance.bySurface.find((s) => s.surface === surface);
      const missed = conformance.results.filter((r) => r.surface === surface && limits[kind][r.id])
        .flatMap(must).length;
      assert.ok(total > 0, surface);
      note({ client: 'llmprobe', kind, feature: surface, ok: passed + missed === total,
        text: `${passed} of ${total}` });
    }
  });
}

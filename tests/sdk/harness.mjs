// harness.mjs: every client in front of every kind of provider, feature by feature
import test from 'node:test';
import fs from 'node:fs';
import process from 'node:process';
import { providers, received } from './providers.mjs';

const results = process.env.LLMGW_RESULTS;
let cases = 0;

/**
 * A cell of the table: { client, kind, feature } and ok (with text, or not), or
 * na, the reason; see table.mjs.
 */
export function note(cell) {
  if (results) fs.appendFileSync(results, `${JSON.stringify(cell)}\n`);
}

/** Why this cannot be: a reason, or undefined. A client may tell it by kind of provider. */
function reason(client, kind, feature) {
  const why = client.cannot?.[feature];
  return providers[kind].cannot?.[feature] ?? (why?.constructor === Object ? why[kind] : why);
}

function makeCase(client, kind) {
  cases += 1;
  const provider = providers[kind];
  const tag = `t${process.pid}x${cases}`;
  return {
    client,
    kind,
    echo: provider.echo,
    signature: provider.signature,
    model: (scenario) => provider.model(`${scenario},tag=${tag}`),
    received: () => received(tag, client.speaks !== kind),
  };
}

/** One feature of a client, in front of each kind of provider. */
export function tryFeature(client, feature, run) {
  for (const kind of Object.keys(providers)) {
    test(`${client.name}, ${kind}: ${feature}`, async (t) => {
      const cell = { client: client.name, kind, feature };
      const why = reason(client, kind, feature);
      if (why) {
        note({ ...cell, na: why });
        t.skip(why);
        return;
      }
      try {
        await run(makeCase(client, kind), t);
        note({ ...cell, ok: true });
      } catch (e) {
        note({ ...cell, ok: false });
        throw e;
      }
    });
  }
}

/** All the features of a client. */
export function tryClient(client, features) {
  for (const [name, run] of Object.entries(features)) tryFeature(client, name, run);
}

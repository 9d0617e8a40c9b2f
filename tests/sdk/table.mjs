// table.mjs: what was tried, as a table of each client: feature x kind of provider
//
//   node table.mjs RESULTS FILE
//
// RESULTS has a line of JSON for each cell, see harness.mjs; FILE gets Markdown,
// stdout the same as text.
import fs from 'node:fs';
import process from 'node:process';

const [, , from, to] = process.argv;
const cells = fs.existsSync(from)
  ? fs.readFileSync(from, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)) : [];
const kinds = ['openai', 'openai-responses', 'anthropic', 'gemini', 'echo'];

/** The reasons of what cannot be, numbered. */
const notes = [];
function word({ ok, text = 'ok', na }) {
  if (!na) return ok ? text : 'FAILED';
  if (!notes.includes(na)) notes.push(na);
  return `n/a (${notes.indexOf(na) + 1})`;
}

function rowsOf(client) {
  const mine = cells.filter((c) => c.client === client);
  return [...new Set(mine.map((c) => c.feature))].map((feature) => [feature,
    ...kinds.map((kind) => {
      const cell = mine.find((c) => c.feature === feature && c.kind === kind);
      return cell ? word(cell) : '';
    })]);
}

const tables = [...new Set(cells.map((c) => c.client))].sort()
  .map((client) => [[client, ...kinds], ...rowsOf(client)]);
const widths = [0, ...kinds].map((_, i) => Math.max(...tables.flat().map((row) => row[i].length)));
const pad = (row) => row.map((text, i) => text.padEnd(widths[i]));

const asText = (rows) => rows.map((row) => pad(row).join('  ').trimEnd()).join('\n');
const asMarkdown = ([head, ...rows]) => [head, widths.map((n) => '-'.repeat(n)), ...rows]
  .map((row) => `| ${pad(row).join(' | ')} |`).join('\n');

const count = (test) => cells.filter(test).length;
const foot = [
  ...notes.map((note, i) => `(${i + 1}) ${note}`),
  `${count((c) => c.ok)} ok, ${count((c) => c.ok === false)} failed, ${count((c) => c.na)} n/a`,
];
console.log(`\n${[...tables.map(asText), foot.join('\n')].join('\n\n')}\n`);
fs.writeFileSync(to, `# Clients in front of providers\n\n${
  [...tables.map(asMarkdown), foot.join('\\\n')].join('\n\n')}\n`);

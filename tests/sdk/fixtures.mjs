// fixtures.mjs: recorded exchanges, where the checkout has them beside it
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The dialects of recorded exchanges, and the kind of provider that speaks them. */
export const kinds = {
  'openai-chat': 'openai', 'openai-compatible': 'openai', 'azure-openai': 'openai',
  'openai-responses': 'openai-responses', anthropic: 'anthropic', gemini: 'gemini', 'vertex-gemini': 'gemini',
};

/** The recorded exchanges of a dialect. */
export function fixtures(dir, dialect) {
  const [head, ...rows] = fs.readFileSync(path.join(dir, 'INDEX.tsv'), 'utf8')
    .trimEnd().split('\n').map((line) => line.split('\t'));
  return rows
    .map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])))
    .filter((f) => f.dialect === dialect && f.response_path);
}

/** The bytes of a recorded answer. */
export const answer = (dir, f) => fs.readFileSync(path.join(dir, f.response_path));

/** The recorded request, or undefined. */
export function request(dir, f) {
  if (!f.request_path || !+f.req_bytes) return undefined;
  return JSON.parse(fs.readFileSync(path.join(dir, f.request_path), 'utf8'));
}

// As a command: a provider for each, which asks the replaying server for it
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , dir, port] = process.argv;
  for (const [dialect, kind] of Object.entries(kinds)) {
    for (const f of fixtures(dir, dialect)) {
      console.log(`LLMProvider ${f.id} ${kind} http://127.0.0.1:${port}/${kind === 'gemini' ? 'v1beta' : 'v1'} `
        + `key=env:LLMGW_SDK_KEY models=none "header=x-fixture: ${f.id}"`);
    }
  }
}

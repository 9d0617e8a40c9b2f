// schemas.mjs: the APIs' published schemas, made strict
import fs from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

/** The names of definitions that others are made of: they cannot be closed. */
function findBases(node, found = new Set()) {
  if (Array.isArray(node)) node.forEach((v) => findBases(v, found));
  if (!isObject(node)) return found;
  for (const part of node.allOf ?? []) if (part.$ref) found.add(part.$ref.split('/').at(-1));
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
 * Validators of a file's definitions: name => function (value) -> [what is wrong].
 * extend(definitions) may add what is not in the schema on purpose.
 */
export function load(dir, file, extend) {
  const doc = JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8'));
  const at = doc.definitions ? 'definitions' : 'components/schemas';
  const definitions = doc.definitions ?? doc.components.schemas;
  const bases = findBases(doc);
  extend?.(definitions);
  for (const [name, schema] of Object.entries(definitions)) close(schema, bases.has(name));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: file, [at.split('/')[0]]: doc.definitions ?? doc.components });
  return (name) => {
    const validate = ajv.compile({ $ref: `${file}#/${at}/${name}` });
    return (value) => (validate(value) ? [] : validate.errors.map((e) =>
      `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`));
  };
}

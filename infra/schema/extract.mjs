// Writes types.json: what Azure publishes of the resource types that the infrastructure uses, without descriptions and
// without what only Azure writes. Run it in the repository's root: node infra/schema/extract.mjs
//
// The source is the npm package below, under the MIT licence (see LICENSE.md beside this file). It is fetched, asked in
// a network-less namespace where the system has one, and thrown away.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGE = '@azure/mcp-linux-x64@2.0.5';
const folder = mkdtempSync(join(tmpdir(), 'schema-'));
const modules = 'infra/modules/';
const files = ['infra/main.bicep', ...readdirSync(modules).map((name) => modules + name)];
const used = new Set(files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/'(Microsoft\.[\w/.]+)@/g)].map((found) => found[1])));
const byHand = new Set(Object.keys(JSON.parse(readFileSync('infra/schema/by-hand.json', 'utf8'))).map((name) => name.split('@')[0]));

try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, PACKAGE]);
  execFileSync('tar', ['xzf', join(folder, readdirSync(folder)[0]), '-C', folder]);
  const lines = [...used].filter((type) => !byHand.has(type)).sort().map(extract);
  writeFileSync('infra/schema/types.json', `{\n${lines.join(',\n')}\n}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function extract(type) {
  const asked = ask(['bicepschema', 'get', '--resource-type', type]);
  const results = asked.results?.BicepSchemaResult;
  if (!results) throw new Error(`${type} is not there: write it into infra/schema/by-hand.json`);
  const resource = results.find((one) => one.$type === 'Resource');
  const known = new Map(results.filter((one) => /Object$/.test(one.$type)).map((one) => [one.name, one]));
  const types = {};
  const body = shape(resource.bodyType, known, types);
  return `${JSON.stringify(resource.name)}: ${JSON.stringify({ body, types })}`;
}

function ask(words) {
  const program = join(folder, 'package/dist/azmcp');
  const options = { env: { ...process.env, AZURE_MCP_COLLECT_TELEMETRY: 'false' }, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 };
  let said;
  try {
    said = execFileSync('unshare', ['-n', program, ...words], options);
  } catch {
    said = execFileSync(program, words, options);
  }
  return JSON.parse(said);
}

// An object is { properties, required, any }; one of several is { one: [objects] }.
function shape(object, known, types) {
  if (object.elements) {
    const base = shape({ properties: object.baseProperties }, known, types);
    const each = Array.isArray(object.elements) ? object.elements : Object.values(object.elements);
    return { one: each.map((one) => merged(base, shape(one, known, types))) };
  }
  const kept = (object.properties ?? []).filter((one) => !/ReadOnly/.test(one.flags ?? ''));
  for (const { type } of kept) visit(type, known, types);
  if (object.additionalPropertiesType) visit(object.additionalPropertiesType, known, types);
  return {
    properties: Object.fromEntries(kept.map(({ name, type }) => [name, type])),
    required: kept.filter((one) => /Required/.test(one.flags ?? '')).map(({ name }) => name),
    ...(object.additionalPropertiesType ? { any: object.additionalPropertiesType } : {}),
  };
}

function merged(base, own) {
  return { ...own, properties: { ...base.properties, ...own.properties }, required: [...base.required, ...own.required] };
}

function visit(type, known, types) {
  for (const name of String(type).split(' | ').map((one) => one.replaceAll('[]', ''))) {
    if (!known.has(name) || name in types) continue;
    types[name] = null;
    types[name] = shape(known.get(name), known, types);
  }
}

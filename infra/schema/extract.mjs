// Writes types.json: what Azure publishes of the resource types that the snapshots hold, without descriptions and without
// what only Azure writes. Run it in the repository's root, with the folder `generated` of a checkout of
// https://github.com/Azure/bicep-types-az (MIT licence: LICENSE.md beside this file):
//
//     node infra/schema/extract.mjs ../bicep-types-az/generated
//
// Where the checkout does not have a version yet, the newest older one is taken; the compiler knows the version itself.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const READ_ONLY = 2;
const REQUIRED = 1;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('name the folder `generated` of a checkout of Azure/bicep-types-az');

const variants = 'infra/variants';
const used = new Set();
for (const file of readdirSync(variants).filter((name) => name.endsWith('.snapshot.json'))) {
  for (const { type, apiVersion } of JSON.parse(readFileSync(join(variants, file), 'utf8')).predictedResources) {
    used.add(`${type}@${apiVersion}`);
  }
}
const published = files();
const lines = [...used].sort().map((name) => `${JSON.stringify(name)}: ${JSON.stringify(definition(name))}`);
writeFileSync('infra/schema/types.json', `{\n${lines.join(',\n')}\n}\n`);

// Every file of the checkout by namespace: { version, path }.
function files() {
  const found = new Map();
  for (const group of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const namespace of readdirSync(join(folder, group.name))) {
      if (!namespace.includes('.')) continue;
      for (const version of readdirSync(join(folder, group.name, namespace))) {
        const key = namespace.toLowerCase();
        found.set(key, [...(found.get(key) ?? []), { version, path: join(folder, group.name, namespace, version, 'types.json') }]);
      }
    }
  }
  return found;
}

function definition(name) {
  const [type, version] = name.split('@');
  const isStable = (one) => !one.endsWith('-preview') || one === version;
  const candidates = (published.get(type.split('/')[0].toLowerCase()) ?? [])
    .filter((one) => one.version <= version && isStable(one.version))
    .sort((one, other) => other.version.localeCompare(one.version));
  for (const candidate of candidates) {
    const all = JSON.parse(readFileSync(candidate.path, 'utf8'));
    const resource = all.find((one) => one.$type === 'ResourceType' && one.name.toLowerCase() === `${type}@${candidate.version}`.toLowerCase());
    if (!resource) continue;
    const types = {};
    const body = shape(at(all, resource.body), all, types);
    return { body, types };
  }
  throw new Error(`${name} is not in the checkout: bring it to its newest state`);
}

function at(all, reference) {
  return all[Number(reference.$ref.split('/').at(-1))];
}

// The type of a property in one word, with the objects that it names put into `types`.
function word(type, all, types) {
  switch (type.$type) {
    case 'StringType':
      return 'string';
    case 'StringLiteralType':
      return type.value;
    case 'BooleanType':
      return 'bool';
    case 'IntegerType':
      return type.minValue === undefined && type.maxValue === undefined ? 'int' : `int ${type.minValue ?? ''}..${type.maxValue ?? ''}`;
    case 'UnionType':
      return type.elements.map((one) => word(at(all, one), all, types)).join(' | ');
    case 'ArrayType': {
      const item = word(at(all, type.itemType), all, types);
      return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
    }
    case 'ObjectType':
    case 'DiscriminatedObjectType': {
      const name = `${type.name.replaceAll(/[^\w]/g, '')}${all.indexOf(type)}`;
      if (!(name in types)) {
        types[name] = {};
        types[name] = shape(type, all, types);
      }
      return name;
    }
    case 'NullType':
      return 'null';
    default:
      return 'any';
  }
}

function shape(type, all, types) {
  if (type.$type === 'DiscriminatedObjectType') {
    const base = object(type.baseProperties, undefined, all, types);
    const one = Object.values(type.elements).map((element) => {
      const { properties, required, ...rest } = shape(at(all, element), all, types);
      return { properties: { ...base.properties, ...properties }, required: [...new Set([...base.required, ...required])].sort(), ...rest };
    });
    return { one };
  }
  return object(type.properties, type.additionalProperties, all, types);
}

function object(listed, additional, all, types) {
  const properties = {};
  const required = [];
  for (const [key, { type, flags }] of Object.entries(listed).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (flags & READ_ONLY) continue;
    properties[key] = word(at(all, type), all, types);
    if (flags & REQUIRED) required.push(key);
  }
  const made = { properties, required };
  if (additional) made.any = word(at(all, additional), all, types);
  return made;
}

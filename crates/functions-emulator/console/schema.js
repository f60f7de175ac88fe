// What a JSON schema says, for reading and as an example.

const DEPTH = 6;

/** Follows `$ref` within the document. */
export function resolved(schema, document) {
  let at = schema;
  for (let steps = 0; at?.$ref?.startsWith("#/") && steps < 20; steps++) {
    const names = at.$ref.slice(2).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    at = names.reduce((value, name) => value?.[name], document);
  }
  return at ?? {};
}

/** A value that fits, with the examples and defaults that the schema gives. */
export function example(schema, document, depth = 0) {
  const at = resolved(schema, document);
  if (at.example !== undefined) return at.example;
  if (at.examples?.length) return at.examples[0];
  if (at.const !== undefined) return at.const;
  if (at.default !== undefined) return at.default;
  if (at.enum) return at.enum[0];
  const one = at.oneOf?.[0] ?? at.anyOf?.[0] ?? at.allOf?.[0];
  if (one) return example(one, document, depth + 1);
  const type = Array.isArray(at.type) ? at.type.find((name) => name !== "null") : at.type;
  if (depth > DEPTH) return null;
  if (type === "object" || at.properties) {
    const members = Object.entries(at.properties ?? {});
    return Object.fromEntries(members.map(([name, member]) => [name, example(member, document, depth + 1)]));
  }
  if (type === "array") return [example(at.items ?? {}, document, depth + 1)];
  if (type === "integer" || type === "number") return at.minimum ?? 0;
  if (type === "boolean") return true;
  return type === "string" ? text(at) : null;
}

function text({ format }) {
  if (format === "uuid") return "00000000-0000-4000-8000-000000000000";
  return format === "date-time" ? new Date(0).toISOString() : "text";
}

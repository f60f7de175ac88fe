// The app's OpenAPI document: its operations, and examples of what they take.

import { request } from "./client.js";
import { example, resolved } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

/** What was read before, by user; a worker that has started may describe itself otherwise. */
const read = new Map();
addEventListener("emulator-event", ({ detail: { kind } }) => kind === "worker" && read.clear());

/** Status and document as a user may read it; the document is null where the app has none for this user. */
export async function description(user) {
  const { status, text } = await request("POST", "document", { user: user || null });
  try {
    const document = status === 200 ? JSON.parse(text) : null;
    return { status, document: document?.paths ? document : null };
  } catch {
    return { status, document: null };
  }
}

/** Each operation with its method, its path below the server's, and its parameters. */
export function operations(document) {
  const base = basePath(document.servers?.[0]?.url);
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      method, path: base + path, said: item[method],
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((one) => resolved(one, document)),
    })));
}

/** The path part of the server's URL, without a slash at its end. */
function basePath(url = "") {
  return new URL(url, location.origin).pathname.replace(/\/$/, "");
}

/** Media type and content of a body. */
export const content = (place) => Object.entries(place?.content ?? {})[0];

/** An example of a body, as text. */
export function sample([, { schema, example: given }], document) {
  return JSON.stringify(given ?? example(schema ?? {}, document), null, 2);
}

/** What a call of an operation may look like: one for each example of its body, or else one. */
export function examples(document, { method, said, parameters }) {
  const found = content(resolved(said.requestBody, document));
  const required = (where) => parameters.filter(({ in: place, required }) => place === where && required);
  const common = {
    method: method.toUpperCase(),
    query: required("query").map(({ name, schema }) => `${name}=${example(schema ?? {}, document)}`).join("&"),
    headers: required("header").map(({ name, schema }) => `${name}: ${example(schema ?? {}, document)}`),
  };
  const named = Object.entries(found?.[1].examples ?? {}).map(([name, one]) => {
    const { summary, value } = resolved(one, document);
    return { ...common, label: summary ?? name, body: JSON.stringify(value, null, 2) };
  });
  if (named.length > 0) return named;
  return [{ ...common, label: said.summary ?? said.operationId ?? "of the description", body: found ? sample(found, document) : "" }];
}

/**
 * Examples for a path of the app whose parameters stand in braces, and for these methods, or all if there are none; none
 * where the app describes no such path.
 */
export async function examplesOf({ path, methods }, user) {
  if (!read.has(user)) read.set(user, (await description(user)).document);
  const document = read.get(user);
  const shape = (path) => path.replace(/\{[^}]*\}/g, "{}").toLowerCase();
  const fits = (one) => shape(one.path) === shape(path) && (methods.length === 0 || methods.includes(one.method.toUpperCase()));
  const same = document ? operations(document).filter(fits) : [];
  return same.flatMap((operation) => examples(document, operation));
}

// The app's OpenAPI document, and a form for each of its operations.

import { button, el, field, listing } from "../dom.js";
import { request } from "../client.js";
import { callForm, userSelect } from "../form.js";
import { example, resolved } from "../schema.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

export async function open(shared, operation) {
  const { openapi } = shared.overview;
  const user = userSelect(shared);
  const place = el("div", {});
  const load = async () => {
    const made = await request("POST", "document", { user: shared.user || null });
    place.replaceChildren(...described(shared, made, operation));
  };
  user.addEventListener("change", () => load().catch((error) => place.replaceChildren(error.message)));
  const node = el("section", { "aria-labelledby": "api-title" }, el("h1", { id: "api-title" }, "API"),
    el("div", { class: "row end" }, field("Read as", user), button("Read again", load), el("code", { class: "quiet" }, openapi)),
    place);
  await load();
  return { node };
}

function described(shared, { status, text }, chosen) {
  let document = null;
  try {
    document = status === 200 && JSON.parse(text);
  } catch {
    // Said below: it is no document.
  }
  if (!document?.paths) return [el("p", { class: "empty" }, why(status))];
  const base = basePath(document.servers?.[0]?.url);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) =>
      operation(shared, document, base + path, method, item[method], item.parameters ?? [], chosen)));
  return [el("h2", {}, `${document.info?.title ?? "API"} ${document.info?.version ?? ""}`),
    document.info?.description && el("p", {}, document.info.description), ...operations].filter(Boolean);
}

function why(status) {
  if (status === 401) return "Sign in to see it: choose a user above.";
  if (status === 404) return "The app has no such document; --openapi names its path.";
  return `That is no OpenAPI document (status ${status}).`;
}

/** The path part of the server's URL, without a slash at its end. */
function basePath(url = "") {
  return new URL(url, location.origin).pathname.replace(/\/$/, "");
}

function operation(shared, document, path, method, said, common, chosen) {
  const parameters = [...common, ...(said.parameters ?? [])].map((one) => resolved(one, document));
  const node = el("details", { class: "card operation", open: chosen !== "" && said.operationId === chosen },
    el("summary", {}, el("span", { class: `badge method ${method}` }, method.toUpperCase()), el("code", {}, path),
      el("span", { class: "quiet" }, said.summary ?? said.operationId ?? "")));
  // A form for each operation at once would be much to draw for a page that is only read.
  node.addEventListener("toggle", () => node.open && node.childElementCount === 1 && node.append(
    ...[said.description && el("p", {}, said.description), table(parameters, document), body(said, document),
      answers(said, document), el("h3", {}, "Try it"), form(shared, document, path, method, said, parameters)].filter(Boolean)));
  return node;
}

function table(parameters, document) {
  if (parameters.length === 0) return null;
  return el("dl", { class: "parameters" }, parameters.map(({ name, in: place, required, description, schema }) => el("div", {},
    el("dt", {}, el("code", {}, name), el("span", { class: "quiet" }, ` ${place}${required ? ", required" : ""}`)),
    el("dd", {}, description ?? limits(resolved(schema, document))))));
}

function limits({ type, format, minimum, maximum, enum: choices }) {
  return [[type].flat().join(" or "), format, minimum !== undefined && `from ${minimum}`,
    maximum !== undefined && `to ${maximum}`, choices?.join(" | ")].filter(Boolean).join(", ");
}

const content = (place) => Object.entries(place?.content ?? {})[0];

function sample([, { schema, example: given }], document) {
  return JSON.stringify(given ?? example(schema ?? {}, document), null, 2);
}

function body(said, document) {
  const found = content(resolved(said.requestBody, document));
  return found && el("div", {}, el("h3", {}, `Body: ${found[0]}`), listing("Example of the body", sample(found, document)));
}

function answers(said, document) {
  const all = Object.entries(said.responses ?? {}).map(([status, answer]) => {
    const { description } = resolved(answer, document);
    return el("li", {}, el("code", {}, status), ` ${description ?? ""}`);
  });
  return all.length > 0 && el("div", {}, el("h3", {}, "Answers"), el("ul", { class: "plain" }, all));
}

function form(shared, document, path, method, said, parameters) {
  const found = content(resolved(said.requestBody, document));
  const query = parameters.filter(({ in: place, required }) => place === "query" && required);
  const headers = parameters.filter(({ in: place, required }) => place === "header" && required);
  return callForm(shared, {
    methods: [method.toUpperCase()], path, body: found ? sample(found, document) : "",
    query: query.map(({ name, schema }) => `${name}=${example(schema ?? {}, document)}`).join("&"),
    headers: headers.map(({ name, schema }) => `${name}: ${example(schema ?? {}, document)}`),
  });
}

// The app's OpenAPI document, and a form for each of its operations.

import { button, el, field, listing } from "../dom.js";
import { callForm, userSelect } from "../form.js";
import { content, description, examples, operations, sample } from "../openapi.js";
import { resolved } from "../schema.js";

export async function open(shared, operation) {
  const { openapi } = shared.overview;
  const user = userSelect(shared);
  const place = el("div", {});
  const load = async () => {
    place.replaceChildren(...described(shared, await description(shared.user), operation));
  };
  user.addEventListener("change", () => load().catch((error) => place.replaceChildren(error.message)));
  const node = el("section", { "aria-labelledby": "api-title" }, el("h1", { id: "api-title" }, "API"),
    el("div", { class: "row end" }, field("Read as", user), button("Read again", load), el("code", { class: "quiet" }, openapi)),
    place);
  await load();
  return { node };
}

function described(shared, { status, document }, chosen) {
  if (!document) return [el("p", { class: "empty" }, why(status))];
  return [el("h2", {}, `${document.info?.title ?? "API"} ${document.info?.version ?? ""}`),
    document.info?.description && el("p", {}, document.info.description),
    ...operations(document).map((one) => operation(shared, document, one, chosen))].filter(Boolean);
}

function why(status) {
  if (status === 401) return "Sign in to see it: choose a user above.";
  if (status === 404) return "The app has no such document; --openapi names its path.";
  return `That is no OpenAPI document (status ${status}).`;
}

function operation(shared, document, one, chosen) {
  const { method, path, said, parameters } = one;
  const node = el("details", { class: "card operation", open: chosen !== "" && said.operationId === chosen },
    el("summary", {}, el("span", { class: `badge method ${method}` }, method.toUpperCase()), el("code", {}, path),
      el("span", { class: "quiet" }, said.summary ?? said.operationId ?? "")));
  // A form for each operation at once would be much to draw for a page that is only read.
  node.addEventListener("toggle", () => node.open && node.childElementCount === 1 && node.append(
    ...[said.description && el("p", {}, said.description), table(parameters, document), body(said, document),
      answers(said, document), el("h3", {}, "Try it"), form(shared, document, one)].filter(Boolean)));
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

function form(shared, document, one) {
  const all = examples(document, one);
  return callForm(shared, { ...all[0], methods: [all[0].method], path: one.path, examples: async () => all });
}

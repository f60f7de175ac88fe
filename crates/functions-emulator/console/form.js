// A form that makes a call.

import { during, el, field, redraw, select } from "./dom.js";
import { request, part } from "./client.js";
import { exchange } from "./exchange.js";

const WITHOUT_BODY = ["GET", "HEAD", "OPTIONS"];
const ANY = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** A list of the users to sign in as. */
export function userSelect(shared) {
  const users = shared.overview.users?.all ?? [];
  const control = select([["", "anonymous"], ...users.map(({ name, roles }) =>
    [name, roles.length ? `${name} (${roles.join(", ")})` : name])], shared.user);
  control.addEventListener("change", () => (shared.user = control.value));
  return control;
}

/**
 * A form for one function: `methods` (empty for all), `path` with its parameters in braces, the `modes` that it can
 * travel in, and, from a description, `query` names, `headers` and a `body` to begin with. `examples` promises others to
 * choose from.
 */
export function callForm(shared, { methods, path, modes = [], query = "", headers = [], body = "", examples }) {
  const method = select(methods.length ? methods : ANY);
  const params = [...path.matchAll(/\{\**([^}?]+)\??\}/g)].map(([whole, name]) => {
    const input = el("input", { autocomplete: "off", spellcheck: "false" });
    return { whole, rest: whole.startsWith("{*"), input, node: field(`{${name}}`, input) };
  });
  const search = el("input", { value: query, placeholder: "limit=10&flag=true", autocomplete: "off", spellcheck: "false" });
  const user = userSelect(shared);
  const key = select([["", "no key"], ...(shared.overview.keys ?? [])]);
  const mode = select([["", "as host.json says"], ...modes]);
  const head = el("textarea", { rows: 2 + headers.length, spellcheck: "false" }, lines(headers));
  const text = el("textarea", { rows: height(body), spellcheck: "false" }, body);
  const result = el("div", { class: "result", "aria-live": "polite" });
  const send = el("button", { class: "main" }, "Send");
  const bodyField = field("Body", text);
  const seeBody = () => (bodyField.hidden = WITHOUT_BODY.includes(method.value));
  method.addEventListener("change", seeBody);
  seeBody();
  const choice = el("select");
  const choiceField = field("Example", choice);
  choiceField.hidden = true;
  const offered = offer(choice, choiceField, examples, (one) => {
    method.value = one.method;
    seeBody();
    search.value = one.query;
    head.value = lines(one.headers);
    text.value = one.body;
    text.rows = height(one.body);
  });
  user.addEventListener("change", offered);
  offered();

  async function call() {
    number = null;
    looks += 1;
    result.replaceChildren();
    const target = params.reduce((at, { whole, rest, input }) =>
      at.replace(whole, rest ? input.value.split("/").map(part).join("/") : part(input.value)), path);
    const content = bodyField.hidden ? "" : text.value;
    const pairs = head.value.split("\n").filter((line) => line.includes(":")).map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }).filter(([name]) => content || name.toLowerCase() !== "content-type");
    await show(await request("POST", "calls", {
      method: method.value,
      path: target.replace(/(.)\/+$/, "$1") + (search.value ? `?${search.value.replace(/^\?/, "")}` : ""),
      headers: pairs, body: content || null, user: user.value || null, key: key.value || null, mode: mode.value || null,
    }));
  }

  let number = null;
  let looks = 0;

  function show(made) {
    number = made.number;
    return look();
  }

  /** Shows the call as it is now, unless somebody looks again meanwhile. */
  async function look() {
    const mine = ++looks;
    const made = await request("GET", `calls/${number}`);
    if (mine === looks) redraw(result, exchange(made, shared, show));
  }

  /** Logs come after the answer. */
  addEventListener("emulator-event", async function onCall({ detail: { kind, call } }) {
    if (!result.isConnected && number !== null) return removeEventListener("emulator-event", onCall);
    if (kind === "call" && call.number === number) await look();
  });

  return el("div", {},
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(send, call); } },
      el("div", { class: "row" }, field("Method", method),
        el("div", { class: "field wide" }, el("span", { class: "label" }, "Path"), el("code", { class: "path" }, path))),
      params.length > 0 && el("div", { class: "row" }, params.map(({ node }) => node)),
      el("div", { class: "row" }, field("As", user), shared.overview.keys && field("Key", key),
        modes.length > 1 && field("Through", mode), field("Query", search), choiceField),
      el("div", { class: "row" }, field("Headers", head), bodyField),
      send),
    result);
}

const lines = (headers) => ["Content-Type: application/json", ...headers].join("\n");

const height = (body) => (body ? Math.min(12, body.split("\n").length + 1) : 4);

/** Offers examples, as soon as there are some; one that is chosen is filled in. The answer looks for them again. */
function offer(choice, place, examples, fill) {
  let all = [];
  choice.addEventListener("change", () => choice.value && fill(all[choice.value]));
  return async () => {
    all = (await examples?.().catch(() => [])) ?? [];
    place.hidden = all.length === 0;
    choice.replaceChildren(el("option", { value: "" }, "none"),
      ...all.map((one, at) => el("option", { value: at }, `${one.method} ${one.label}`)));
  };
}

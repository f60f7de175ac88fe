// Functions, each with what starts it and a way to start it.

import { button, during, el, field, notice, reveal } from "../dom.js";
import { request, part } from "../client.js";
import { callForm } from "../form.js";
import { examplesOf } from "../openapi.js";

/** What can be called comes first. */
const KINDS = ["http", "queue", "timer", "other"];

export async function open(shared, name) {
  const list = el("ul", { class: "list" });
  const place = el("div", { class: "detail" });
  const node = el("div", { class: "split" }, el("section", { "aria-labelledby": "functions-title" },
    el("h1", { id: "functions-title" }, "Functions"), list), place);

  function go(chosen) {
    const all = KINDS.flatMap((kind) => (shared.overview?.functions ?? []).filter((one) => one.kind === kind));
    const one = all.find((each) => each.name === chosen) ?? all[0];
    list.replaceChildren(...all.map((each) => el("li", {},
      el("a", { href: `#/functions/${part(each.name)}`, "aria-current": each === one ? "true" : null },
        el("strong", {}, each.name), el("span", { class: "quiet" }, starts(each))))));
    place.replaceChildren(...(one ? detail(shared, one) : [el("p", { class: "empty" }, "No functions: is the worker down?")]));
  }

  go(name);
  return { node, go: (chosen) => (go(chosen), reveal(place)) };
}

function starts({ kind, methods, refusesAll, path, queue, schedule, trigger }) {
  if (kind === "http") return `${methods.join(" ") || (refusesAll ? "no method" : "any method")} ${path}`;
  if (kind === "other") return `${trigger}, by hand`;
  return kind === "queue" ? `queue ${queue}` : `timer ${schedule}`;
}

function detail(shared, one) {
  const tags = [one.kind === "http" && `auth level ${one.authLevel}`, ...one.sendsTo.map((queue) => `sends to ${queue}`)];
  return [
    el("h2", {}, one.name),
    el("p", { class: "quiet" }, [starts(one), ...tags.filter(Boolean)].join(" · ")),
    form(shared, one),
  ];
}

function form(shared, one) {
  if (one.kind === "http") return callForm(shared, { ...one, examples: () => examplesOf(one, shared.user) });
  if (one.kind === "queue") return putForm(one.queue, shared.overview.messageEncoding);
  return one.kind === "other" ? byHandForm(one.name) : runNow(one.name);
}

/** A form that runs a function with what its trigger would bring: JSON, or else a text. */
function byHandForm(name) {
  const text = el("textarea", { rows: 5, spellcheck: "false" }, "{}");
  const run = el("button", { class: "main" }, "Run now");
  const input = () => { try { return JSON.parse(text.value); } catch { return text.value; } };
  const act = async () => {
    const { number } = await request("POST", `functions/${part(name)}/run`, { input: input() });
    notice(`${name} has run; see call ${number}.`);
  };
  return el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(run, act); } },
    field("Input", text, "what the trigger would bring: JSON, or any text"), run);
}

/** A form that puts a message into a queue, in the encoding that host.json names. */
export function putForm(queue, encoding, after = () => {}) {
  const text = el("textarea", { rows: 5, spellcheck: "false" }, "{}");
  const delay = el("input", { type: "number", min: 0, max: 604800, value: 0 });
  const raw = el("input", { type: "checkbox" });
  const put = el("button", { class: "main" }, "Put the message");
  const act = async () => {
    await request("POST", `queues/${part(queue)}/messages`,
      { text: text.value, raw: raw.checked, delaySeconds: Number(delay.value) });
    notice(`A message was put into ${queue}.`);
    await after();
  };
  return el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(put, act); } },
    field("Message", text, encoding === "none" ? "put as it is: host.json names no encoding" : "put as Base64, as host.json says"),
    el("div", { class: "row" }, field("Visible after (s)", delay),
      encoding !== "none" && field("Put it as it is", raw, "without Base64")),
    put);
}

function runNow(name) {
  return button("Run now", async () => {
    await request("POST", `timers/${part(name)}/run`);
    notice(`${name} has run; see Calls.`);
  }, "main");
}

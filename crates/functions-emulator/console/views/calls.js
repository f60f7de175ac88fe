// The last calls as they happen, and each with everything that is known of it.

import { el, listing, notice, reveal, when } from "../dom.js";
import { request } from "../client.js";
import { exchange, outcome, took } from "../exchange.js";

/** Calls that the list shows. */
const MOST = 200;

export async function open(shared, number) {
  const calls = new Map((await request("GET", "calls")).map((call) => [call.number, call]));
  const lines = await request("GET", "lines");
  const list = el("ol", { class: "list calls", reversed: true });
  const place = el("div", { class: "detail" });
  const printed = listing("What the worker printed", "", "printed");
  const node = el("div", {},
    el("div", { class: "split" }, el("section", { "aria-labelledby": "calls-title" },
      el("h1", { id: "calls-title" }, "Calls"), list), place),
    el("details", { class: "card" }, el("summary", {}, "What the worker printed"), printed));
  let chosen = null;
  let planned = false;
  let looks = 0;

  function draw() {
    planned = false;
    const newest = [...calls.values()].sort((one, other) => other.number - one.number);
    for (const { number } of newest.slice(MOST)) calls.delete(number);
    list.replaceChildren(...(newest.length ? newest.slice(0, MOST).map(item) : [el("li", { class: "empty" },
      "Nothing was called yet.")]));
    printed.textContent = lines.map(({ line }) => line).join("\n");
  }

  function item(call) {
    const [text, kind] = outcome(call);
    return el("li", {}, el("a", { href: `#/calls/${call.number}`, "aria-current": call.number === chosen ? "true" : null },
      el("span", { class: "line" }, el("span", { class: `badge ${kind}` }, text),
        el("strong", {}, call.function ?? "no function"), el("span", { class: "quiet" }, took(call.duration))),
      el("span", { class: "quiet" }, when(call.started), ` ${call.head ?? "message or tick"}`),
      call.trace && el("span", { class: "quiet mono" }, `trace ${call.trace.slice(0, 16)}…`)));
  }

  async function detail() {
    if (chosen === null) {
      return place.replaceChildren(el("p", { class: "empty" }, "Choose a call to see its request, what the worker saw, and the answer."));
    }
    const mine = ++looks;
    try {
      const call = await request("GET", `calls/${chosen}`);
      if (mine !== looks) return;
      place.replaceChildren(el("h2", {}, `Call ${call.number}`),
        exchange(call, (next) => (location.hash = `#/calls/${next.number}`)));
    } catch (error) {
      place.replaceChildren(el("p", { class: "empty" }, error.message));
    }
  }

  async function go(next) {
    chosen = next ? Number(next) : null;
    draw();
    await detail();
  }

  /** Many calls at once are drawn once. */
  function plan() {
    if (!planned) setTimeout(draw, 150);
    planned = true;
  }

  async function onEvent(event) {
    if (event.kind === "call") {
      calls.set(event.call.number, event.call);
      plan();
      if (event.call.number === chosen && event.call.duration !== null) await detail();
    } else if (event.kind === "line") {
      lines.push(event);
      lines.splice(0, lines.length - 300);
      plan();
    } else if (event.kind === "lagged") {
      notice("More happened than this page could follow; the list is loaded anew.");
      for (const call of await request("GET", "calls")) calls.set(call.number, call);
      plan();
    }
  }

  await go(number);
  return { node, go: async (next) => (await go(next), reveal(place)), onEvent };
}

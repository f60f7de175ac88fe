// The last calls as they happen, and each with everything that is known of it.

import { el, notice, redraw, reveal, select, when } from "../dom.js";
import { request } from "../client.js";
import { compared, kept } from "../compare.js";
import { exchange, outcome, took } from "../exchange.js";
import { filterBar, holds } from "../filters.js";
import { keyed, row } from "../keyed.js";

/** Calls that the list shows. */
const MOST = 200;

/** Stands in the address for a call of no function, or of no user. */
const NONE = "-";

const STATUSES = [["", "any"], ["2xx", "2xx"], ["3xx", "3xx"], ["4xx", "4xx"], ["5xx", "5xx"], ["failed", "failed"],
  ["running", "running"]];

export async function open(shared, number, query) {
  const calls = new Map((await request("GET", "calls")).map((call) => [call.number, call]));
  const list = el("ol", { class: "list calls", reversed: true });
  const none = el("p", { class: "empty" });
  const place = el("div", { class: "detail" });
  const bar = filterBar("Search calls", controls(shared, [...calls.values()]), draw);
  const node = el("div", { class: "split" }, el("section", { "aria-labelledby": "calls-title" },
    el("h1", { id: "calls-title" }, "Calls"), bar.node, list, none), place);
  let chosen = null;
  let planned = false;
  let looks = 0;
  let top = 0;

  const show = keyed(list, (call) => call.number, (call) => {
    const link = el("a", { "data-number": call.number });
    const { node: item, show: change } = row(el("li", {}, link), link, content);
    return {
      node: item,
      show(now) {
        change(now);
        link.href = bar.link(`#/calls/${call.number}`);
        if (call.number === chosen) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      },
    };
  });

  function draw() {
    planned = false;
    const newest = [...calls.values()].sort((one, other) => other.number - one.number);
    for (const { number: old } of newest.splice(MOST)) calls.delete(old);
    const shown = bar.narrow(newest, matches(bar));
    show(shown);
    list.hidden = shown.length === 0;
    none.textContent = shown.length ? "" : newest.length ? "No call is like that." : "Nothing was called yet.";
  }

  async function detail(again = false) {
    node.classList.toggle("chosen", chosen !== null);
    if (chosen === null) {
      return place.replaceChildren(el("p", { class: "empty" }, "Choose a call to see its request, what the worker saw, and the answer."));
    }
    const mine = ++looks;
    const back = el("a", { class: "back", href: bar.link("#/calls") }, "All calls");
    try {
      const call = await request("GET", `calls/${chosen}`);
      if (mine !== looks) return;
      const drawn = [back, ...(bar.value("with") ? await comparing(call) : [el("h2", {}, `Call ${call.number}`),
        exchange(call, shared, (next) => (location.hash = bar.link(`#/calls/${next.number}`)))])];
      if (mine !== looks) return;
      if (again) redraw(place, ...drawn);
      else place.replaceChildren(...drawn);
    } catch (error) {
      place.replaceChildren(back, el("p", { class: "empty" }, error.message));
    }
  }

  async function comparing(call) {
    const number = Number(bar.value("with"));
    const other = kept(number) ?? await request("GET", `calls/${number}`);
    return [compared(other, call, bar.link(`#/calls/${call.number}`, "with"))];
  }

  async function go(next, query) {
    const before = `${chosen} ${bar.value("with")}`;
    bar.read(query);
    chosen = next ? Number(next) : null;
    draw();
    if (chosen === null || `${chosen} ${bar.value("with")}` !== before) await detail();
  }

  const linkOf = (number) => list.querySelector(`a[data-number="${number}"]`);

  /** Where list and call are not side by side, the one takes the other's place, and the reader comes back to where they were. */
  async function turn(next, query) {
    if (chosen === null) top = linkOf(next)?.getBoundingClientRect().top ?? 0;
    const before = chosen;
    await go(next, query);
    if (chosen !== null) {
      reveal(place);
      place.querySelector(".back")?.focus({ preventScroll: true });
    } else if (document.activeElement === document.body) {
      const link = linkOf(before);
      link?.focus({ preventScroll: true });
      if (link) scrollBy(0, link.getBoundingClientRect().top - top);
    }
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
      if (event.call.number === chosen && event.call.duration !== null) await detail(true);
    } else if (event.kind === "lagged") {
      notice("More happened than this page could follow; the list is loaded anew.");
      for (const call of await request("GET", "calls")) calls.set(call.number, call);
      plan();
    }
  }

  await go(number, query);
  return { node, go: turn, onEvent };
}

function content(call) {
  const [text, kind] = outcome(call);
  return [el("span", { class: "line" }, el("span", { class: `badge ${kind}` }, text),
    el("strong", {}, call.function ?? "no function"), el("span", { class: "quiet" }, took(call.duration))),
  el("span", { class: "quiet" }, when(call.started), ` ${call.head ?? "message or tick"}`),
  call.trace && el("span", { class: "quiet mono" }, `trace ${call.trace.slice(0, 16)}…`)].filter(Boolean);
}

function controls(shared, calls) {
  const known = (shared.overview?.functions ?? []).map(({ name }) => name);
  const names = new Set([...known, ...calls.map((call) => call.function).filter(Boolean)]);
  const users = (shared.overview?.users?.all ?? []).map(({ name }) => name);
  return [
    ["function", "Function", select([["", "any"], ...[...names].sort(), [NONE, "no function"]])],
    ["status", "Status", select(STATUSES)],
    ["user", "User", select([["", "any"], ...users, [NONE, "none that is known"]])],
    ["trace", "Trace id", el("input", { autocomplete: "off", spellcheck: "false" })],
  ];
}

function matches(bar) {
  const [name, status, user, trace, text] = ["function", "status", "user", "trace", "text"].map(bar.value);
  const is = (wanted, value) => wanted === "" || (value ?? NONE) === wanted;
  return (call) => is(name, call.function) && is(user, call.user ?? call.caller) && hasStatus(call, status)
    && (trace === "" || call.trace?.startsWith(trace.trim().toLowerCase()))
    && holds([call.function, call.head, call.user ?? call.caller, call.status, call.trace, call.invocation].join(" "), text);
}

function hasStatus(call, wanted) {
  if (wanted === "") return true;
  const [text, kind] = outcome(call);
  if (wanted === "running" || wanted === "failed") return wanted === "running" ? text === "running" : kind === "bad";
  return call.status !== null && `${Math.floor(call.status / 100)}xx` === wanted;
}

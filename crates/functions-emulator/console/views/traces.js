// The traces of the worker and of this host, and one as a waterfall.

import { button, el, field, reveal, when } from "../dom.js";
import { part, request } from "../client.js";
import { lasted, waterfall } from "../waterfall.js";

/** Traces that the list shows at first, and more of at each press. */
const STEP = 50;
/** Spans come in batches: many changes are drawn once. */
const DRAW_AFTER = 300;

export async function open(shared, id) {
  const list = el("ol", { class: "list" });
  const more = button("Show older traces", () => { most += STEP; draw(); });
  const place = el("div", { class: "detail" });
  const find = filters(() => plan());
  const node = el("div", { class: "split traces" }, el("section", { "aria-labelledby": "traces-title" },
    el("h1", { id: "traces-title" }, "Traces"), find.node, list, more), place);
  const spans = waterfall();
  let traces = [];
  let chosen = null;
  let before = "";
  let most = STEP;
  let planned = null;
  let looks = 0;

  function draw() {
    more.hidden = traces.length <= most;
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const items = traces.slice(0, most).map(item);
    list.replaceChildren(...(items.length > 0 ? items : [el("li", { class: "empty" }, find.isSet() ? "No trace fits." : none())]));
    if (focused) list.querySelector(`[href="${focused}"]`)?.focus({ preventScroll: true });
    node.classList.toggle("chosen", chosen !== null);
  }

  function item(trace) {
    return el("li", {}, el("a", { href: `#/traces/${trace.id}`, "aria-current": trace.id === chosen ? "true" : null },
      el("span", { class: "line" },
        trace.errors > 0 && el("span", { class: "badge bad" }, count(trace.errors, "error")),
        el("strong", {}, trace.name || "without a name"), el("span", { class: "quiet" }, lasted(trace.duration))),
      el("span", { class: "quiet" }, when(trace.start), ` ${count(trace.spans, "span")}`)));
  }

  async function look() {
    const mine = ++looks;
    const newest = await request("GET", `traces?${find.query()}`);
    if (mine !== looks) return;
    traces = newest;
    draw();
    await detail(mine);
  }

  async function detail(mine) {
    if (chosen === null) {
      before = "";
      return place.replaceChildren(el("p", { class: "empty" }, "Choose a trace to see what happened in it, and when."));
    }
    try {
      const trace = await request("GET", `traces/${part(chosen)}`);
      if (mine !== looks) return;
      const now = JSON.stringify(trace);
      // What is being read stays where it is while nothing changes.
      if (now !== before) place.replaceChildren(back(), el("h2", {}, trace.name || "without a name"), facts(trace), spans.show(trace));
      spans.restore();
      before = now;
    } catch (error) {
      if (mine !== looks) return;
      before = "";
      place.replaceChildren(back(), el("h2", {}, `Trace ${chosen}`), el("p", { class: "empty" }, error.message));
    }
  }

  function plan() {
    planned ??= setTimeout(() => {
      planned = null;
      look().catch(() => {});
    }, DRAW_AFTER);
  }

  async function go(next) {
    chosen = next || null;
    await look();
  }

  await go(id);
  return {
    node,
    go: async (next) => (await go(next), reveal(next ? place : node)),
    onEvent: ({ kind }) => ["traces", "hello", "lagged"].includes(kind) && plan(),
    leave: () => clearTimeout(planned),
  };
}

/** What the list shows while there is nothing. */
function none() {
  return ["No spans were exported yet. The worker is told to export to ", el("code", {}, `${location.origin}/_emulator/otlp`),
    " unless its settings or the shell have a variable that begins with ", el("code", {}, "OTEL_"),
    "; a program without OpenTelemetry exports nothing. Exporters send what they have every five seconds."];
}

function filters(changed) {
  const text = el("input", { type: "search", autocomplete: "off", oninput: changed });
  const least = el("input", { type: "number", min: 0, inputmode: "numeric", oninput: changed });
  const errors = el("input", { type: "checkbox", onchange: changed });
  const node = el("form", { class: "row", role: "search", onsubmit: (event) => event.preventDefault() },
    field("Name, service or id", text), field("At least (ms)", least), field("With errors", errors));
  return {
    node,
    isSet: () => text.value !== "" || least.value !== "" || errors.checked,
    query: () => new URLSearchParams({ text: text.value, errors: errors.checked, minDuration: least.value }).toString(),
  };
}

const back = () => el("p", { class: "back" }, el("a", { href: "#/traces" }, "All traces"));

function facts(trace) {
  const calls = trace.rows.filter(({ source, call }) => source === "host" && call !== null).map(({ call }) => call);
  const links = [...new Set(calls)].sort((one, other) => one - other)
    .flatMap((call) => [" ", el("a", { href: `#/calls/${call}` }, `Call ${call}`)]);
  const facts = [
    ["Began", when(trace.start)], ["Took", lasted(trace.duration)], ["Spans", trace.spans],
    ["Errors", trace.errors > 0 && trace.errors], ["Calls", links.length > 0 && links], ["Trace", el("code", {}, trace.id)],
  ].filter(([, value]) => value);
  return el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

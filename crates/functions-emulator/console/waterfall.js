// The spans of a trace, one below the other, each as a bar where it was in time.

import { button, el, listing, pretty, when } from "./dom.js";
import { took } from "./exchange.js";

/** Spans that are drawn at first, and more of at each press. */
const STEP = 500;
/** Deeper spans are indented no further. */
const DEEPEST = 10;
/** Narrower bars could not be seen, in percent. */
const NARROWEST = 0.4;

/** A duration for reading: tenths of a millisecond are enough beyond one. */
export const lasted = (milliseconds) => took(milliseconds < 1 ? milliseconds : Math.round(milliseconds * 10) / 10);

const KINDS = { host: "host", wait: "host", exported: "" };

/** A waterfall that stays as it was opened when it is drawn again. */
export function waterfall() {
  const opened = new Set();
  let most = STEP;
  let focused = null;
  let list = null;
  let trace = null;

  function show(next) {
    if (trace?.id !== next.id) opened.clear(), (most = STEP);
    trace = next;
    focused = list?.contains(document.activeElement) ? document.activeElement.closest("details").dataset.span : null;
    list = el("ol", { class: "waterfall", "aria-label": "Spans, by their start", onkeydown: move },
      trace.rows.slice(0, most).map((span) => row(span)));
    const rest = trace.rows.length - most;
    const more = rest > 0 && button(`Show ${Math.min(rest, STEP)} more of ${rest}`, () => {
      most += STEP;
      section.replaceWith(show(trace));
      list.querySelectorAll("summary")[most - STEP]?.focus();
    });
    const section = el("section", { class: "card", "aria-label": "Waterfall" }, axis(), list, more);
    return section;
  }

  /** The focus goes back to where it was, once the list is part of the page. */
  function restore() {
    if (focused) list.querySelector(`[data-span="${focused}"] > summary`)?.focus({ preventScroll: true });
    focused = null;
  }

  function row(span) {
    const bar = el("span", { class: `bar ${span.error ? "failed" : span.source}` });
    const percent = (part) => (trace.duration > 0 ? (100 * part) / trace.duration : 0);
    bar.style.left = `${Math.min(percent(span.offset), 100 - NARROWEST)}%`;
    bar.style.width = `${Math.max(percent(span.duration), NARROWEST)}%`;
    const summary = el("summary", {},
      el("span", { class: "what" },
        el("span", { class: "unseen" }, `Level ${span.depth + 1}: `),
        el("strong", {}, span.name || "without a name"),
        span.error && el("span", { class: "badge bad" }, "error"),
        el("span", { class: "quiet" }, KINDS[span.source] || span.service)),
      el("span", { class: "took" }, lasted(span.duration), el("span", { class: "unseen" }, `, after ${lasted(span.offset)}`)),
      el("span", { class: "track", "aria-hidden": "true" }, bar));
    summary.style.setProperty("--depth", Math.min(span.depth, DEEPEST));
    const more = el("details", { "data-span": span.id, open: opened.has(span.id) }, summary);
    const fill = () => more.childElementCount === 1 && more.append(about(span));
    if (more.open) fill();
    more.addEventListener("toggle", () => {
      if (more.open) opened.add(span.id), fill();
      else opened.delete(span.id);
    });
    return el("li", {}, more);
  }

  /** Up and down go from span to span, as Tab does. */
  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.localName !== "summary") return;
    const summaries = [...list.querySelectorAll("summary")];
    const next = summaries[summaries.indexOf(event.target) + step];
    if (next) event.preventDefault(), next.focus();
  }

  function axis() {
    const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, lasted(trace.duration * part)));
    return el("div", { class: "axis", "aria-hidden": "true" }, marks);
  }

  return { show, restore };
}

function about(span) {
  const facts = [
    ["Service", span.service], ["Kind", span.kind !== "unspecified" && span.kind], ["Began", when(span.start)],
    ["After", lasted(span.offset)], ["Call", span.call !== null && el("a", { href: `#/calls/${span.call}` }, `Call ${span.call}`)],
    ["Span", el("code", {}, span.id)], ["Below", span.parent && el("code", {}, span.parent)],
  ].filter(([, value]) => value);
  return el("div", { class: "about" },
    span.message && el("p", { class: "bad" }, span.message),
    el("dl", { class: "facts" }, facts.map(([name, value]) => pair(name, value))),
    attributes("Attributes", span.attributes),
    span.events.map((event) => el("div", { class: "panel" },
      el("h3", {}, `${event.name || "event"}, after ${lasted(event.offset)}`), attributes("", event.attributes))),
    span.links.length > 0 && el("div", { class: "panel" }, el("h3", {}, "Linked traces"),
      el("ul", { class: "plain" }, span.links.map(({ trace }) => el("li", {}, el("a", { href: `#/traces/${trace}` }, el("code", {}, trace)))))),
    span.leftOut > 0 && el("p", { class: "quiet" }, `${span.leftOut} attributes, events or links were left out.`));
}

function attributes(title, pairs) {
  if (pairs.length === 0) return null;
  return el("div", { class: "panel" }, title && el("h3", {}, title),
    el("dl", { class: "parameters" }, pairs.map(([name, value]) =>
      pair(name, value.length > 200 ? listing(name, pretty(value)) : el("code", {}, value)))));
}

const pair = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

// Two calls, and how they differ.

import { button, el, notice, pretty } from "./dom.js";
import { diff } from "./diff.js";

/** Characters that are shown of a header, half of them from its end: a token is long. */
const SHORT = 120;

/** Equal lines that are shown around a difference. */
const AROUND = 3;

/** The call that was kept: it stays here even when the emulator has forgotten it. */
let first = null;

/** The kept call, if it has this number. */
export const kept = (number) => (first?.number === number ? first : null);

/** Controls that keep a call, and compare it with the kept one. */
export function comparison(call) {
  const keep = button("Keep to compare", () => {
    first = call;
    notice(`Call ${call.number} is kept: open another one to compare the two.`);
  });
  if (first === null || first.number === call.number) return [keep];
  return [keep, el("a", { href: `#/calls/${call.number}?with=${first.number}` }, `Compare with call ${first.number}`)];
}

/** Both calls, what differs marked; `end` is where the second one is shown alone. */
export function compared(one, other, end) {
  const parts = (call) => ({ request: call.request ?? call.workerRequest, answer: call.answer ?? call.workerResponse });
  const [left, right] = [parts(one), parts(other)];
  return el("section", { class: "exchange", "aria-label": `Call ${one.number} compared with call ${other.number}` },
    el("div", { class: "line" }, el("h2", {}, `Call ${one.number} and call ${other.number}`), el("a", { href: end }, "Stop comparing")),
    el("p", { class: "quiet" }, `Lines with - are of call ${one.number} alone, lines with + of call ${other.number} alone.`),
    different("Call", facts(one), facts(other)),
    ["request", "answer"].map((name) => ["head", "headers", "body"].map((part) =>
      different(`${name === "request" ? "Request" : "Answer"}: ${part === "head" ? "first line" : part}`,
        text(left[name], part), text(right[name], part), part === "headers" ? short : (text) => text))));
}

function facts({ function: name, mode, user, caller, status, succeeded }) {
  return [`function ${name ?? "none"}`, `mode ${mode ?? "none"}`, `user ${user ?? caller ?? "none"}`, `status ${status ?? "none"}`,
    `succeeded ${succeeded ?? "not known"}`].join("\n");
}

function text(message, part) {
  if (!message) return "";
  if (part === "head") return message.head;
  if (part === "headers") return message.headers.map(([name, value]) => `${name}: ${value}`).sort().join("\n");
  const { body } = message;
  return body ? [body.text === null ? `base64: ${body.base64}` : pretty(body.text), body.note].filter(Boolean).join("\n") : "";
}

function short(text) {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT / 2)} … ${text.slice(-SHORT / 2)} (${text.length} characters)`;
}

function different(title, one, other, told = (text) => text) {
  const lines = diff(one, other);
  const changed = lines.some(([mark]) => mark !== "=");
  return el("div", { class: "panel" }, el("h3", {}, title),
    changed ? el("pre", { role: "group", "aria-label": title }, shortened(lines).map(([mark, text]) => line(mark, told(text)))) : el("p", { class: "quiet" }, one === "" ? "None in either." : "The same."));
}

/** Long runs of equal lines are left out. */
function shortened(lines) {
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([mark]) => mark !== "="));
  return lines.flatMap((each, at) => (near[at] ? [each] : near[at - 1] || at === 0 ? [["…", ""]] : []));
}

function line(mark, text) {
  const name = { "-": "del", "+": "ins" }[mark] ?? "span";
  return el(name, {}, `${mark === "=" ? " " : mark} ${text}\n`);
}

// One call, side by side: what was asked, what the worker saw, what came of it.

import { button, copied, el, listing, notice, pretty, when } from "./dom.js";
import { request, part } from "./client.js";
import { comparison } from "./compare.js";
import { curl } from "./curl.js";
import { readable } from "./log_line.js";

/** How a call stands: a text and a colour. */
export function outcome(call) {
  if (call.status === null) return call.duration === null ? ["running", "wait"] : ["failed", "bad"];
  if (call.succeeded === false || call.status >= 500) return [String(call.status), "bad"];
  return [String(call.status), call.status >= 400 ? "warn" : "good"];
}

/** A duration for reading. */
export const took = (milliseconds) =>
  milliseconds === null ? "…" : milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** The whole call; `again` gets the call that a replay makes. */
export function exchange(call, shared, again) {
  const [text, kind] = outcome(call);
  return el("section", { class: "exchange", "aria-label": `Call ${call.number}` },
    el("div", { class: "line" },
      el("span", { class: `badge ${kind}` }, text),
      el("strong", {}, call.function ?? "no function"),
      el("span", {}, took(call.duration)),
      button("Replay", async () => {
        const next = await request("POST", `calls/${call.number}/replay`);
        notice(`Call ${call.number} was repeated as call ${next.number}.`);
        again(next);
      }),
      call.request && button("Copy as curl", () => copy(call, shared)),
      comparison(call)),
    facts(call),
    call.faults.length > 0 && el("ul", { class: "faults" }, call.faults.map((fault) => el("li", {}, fault))),
    el("div", { class: "panels" },
      panel("Request", call.request, "A message or a tick has no caller."),
      panel("What the worker saw", call.workerRequest, "It did not get to the worker."),
      panel("Answer", call.answer ?? call.workerResponse, "None yet.")),
    call.answer && call.workerResponse && call.mode === "enveloped" &&
      el("details", {}, el("summary", {}, "What the worker answered to the host"), panel("Worker's answer", call.workerResponse)),
    logs(call.logs));
}

async function copy(call, shared) {
  const command = line(call, shared);
  try {
    await copied(command);
  } catch {
    await command;
    throw new Error("The browser lets this page copy nothing: allow it to use the clipboard.");
  }
  notice(`Call ${call.number} is in the clipboard, as a line for a shell.`);
}

/** The line for a shell; where the console had signed one of the users in, with a token that is valid now. */
async function line(call, { overview }) {
  const signed = call.user ? [["authorization", `Bearer ${(await request("POST", `users/${part(call.user)}/token`, {})).token}`]] : [];
  const command = curl(call.request, overview.url, signed);
  if (command === null) throw new Error("The body of this call was too long to be kept, so no command can send it again.");
  return command;
}

function facts(call) {
  const facts = [
    ["Began", when(call.started)], ["Mode", call.mode], ["As", call.user ?? call.caller], ["Sent", call.attempts > 1 && `${call.attempts} times`],
    ["Invocation", call.invocation], ["Trace", call.trace && el("a", { href: `#/traces/${call.trace}` }, call.trace)],
  ].filter(([, value]) => value);
  return el("dl", { class: "facts" }, facts.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function panel(title, message, otherwise) {
  if (!message) return el("div", { class: "panel" }, el("h3", {}, title), el("p", { class: "quiet" }, otherwise));
  const { head, headers, body } = message;
  return el("div", { class: "panel" },
    el("h3", {}, title),
    el("code", { class: "head" }, head),
    headers.length > 0 && el("details", {},
      el("summary", {}, headers.length === 1 ? "1 header" : `${headers.length} headers`),
      listing(`${title}: headers`, headers.map(([name, value]) => `${name}: ${value}`).join("\n"))),
    body?.note && el("p", { class: "quiet" }, body.note),
    body?.length > 0
      ? listing(`${title}: body`, body.text === null ? `base64: ${body.base64}` : pretty(body.text))
      : el("p", { class: "quiet" }, body ? "No body." : "The body has not passed yet."));
}

function logs(lines) {
  if (lines.length === 0) return null;
  return el("div", { class: "panel" }, el("h3", {}, "Logs"), listing("Logs", lines.map((line) => readable(line)).join("\n")));
}

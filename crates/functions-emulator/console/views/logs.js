// The last lines of worker and host, as they come.

import { el, notice, select, when } from "../dom.js";
import { request } from "../client.js";
import { filterBar, holds } from "../filters.js";
import { keyed, row } from "../keyed.js";
import { readable } from "../log_line.js";

/** Lines that the list shows. */
const MOST = 1000;

const LEVELS = ["trace", "debug", "info", "warn", "error"];
const COLOURS = { warn: "warn", error: "bad", info: "good", debug: "wait", trace: "wait" };

export async function open(shared, _, query) {
  const lines = new Map((await request("GET", "lines")).map((line) => [line.number, line]));
  const list = el("ol", { class: "list log", reversed: true });
  const none = el("p", { class: "empty" });
  const bar = filterBar("Search lines", [
    ["level", "At least", select([["", "every level"], ["info", "info"], ["warn", "warn"], ["error", "error"]])],
    ["source", "From", select([["", "worker and host"], ["worker", "worker"], ["host", "host"]])],
  ], draw);
  let planned = false;
  const show = keyed(list, (line) => line.number, () => {
    const item = el("li", {});
    return row(item, item, content);
  });

  function draw() {
    planned = false;
    const newest = [...lines.values()].sort((one, other) => other.number - one.number);
    for (const { number } of newest.splice(MOST)) lines.delete(number);
    const shown = bar.narrow(newest, matches(bar));
    show(shown);
    list.hidden = shown.length === 0;
    none.textContent = shown.length ? "" : newest.length ? "No line is like that." : "Nothing was printed yet.";
  }

  async function onEvent(event) {
    if (event.kind === "line") lines.set(event.number, event);
    else if (event.kind === "lagged") {
      notice("More happened than this page could follow; the lines are loaded anew.");
      for (const line of await request("GET", "lines")) lines.set(line.number, line);
    } else return;
    if (!planned) setTimeout(draw, 150);
    planned = true;
  }

  const go = (query) => { bar.read(query); draw(); };
  go(query);
  return {
    node: el("section", { "aria-labelledby": "logs-title" }, el("h1", { id: "logs-title" }, "Logs"), bar.node, list, none),
    go: (_, query) => go(query), onEvent,
  };
}

function content({ time, source, stderr, level, call, line }) {
  return [
    el("span", { class: "line" }, el("span", { class: `badge ${COLOURS[level] ?? "quiet"}` }, level ?? (stderr ? "stderr" : "stdout")),
      el("span", { class: "quiet" }, source), el("span", { class: "quiet" }, when(time)),
      call && el("a", { href: `#/calls/${call}` }, `call ${call}`)),
    el("code", { class: "text" }, readable(line, false)),
  ];
}

function matches(bar) {
  const [level, source, text] = ["level", "source", "text"].map(bar.value);
  const least = LEVELS.indexOf(level);
  return (line) => rank(line) >= least && (source === "" || source === line.source) && holds(line.line, text);
}

/** A line without a level counts as information, on stderr as a warning. */
const rank = ({ level, stderr }) => LEVELS.indexOf(level ?? (stderr ? "warn" : "info"));

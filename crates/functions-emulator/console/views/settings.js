// Options, settings and the worker's environment, and where each comes from.

import { el } from "../dom.js";
import { request } from "../client.js";
import { filterBar, holds } from "../filters.js";

/** What belongs to the app comes first. */
const GROUPS = [
  ["Settings of the app", ["local.settings.json", "functions-emulator.json", "--setting"], true],
  ["Set by the host", ["host", "default"], true],
  ["Inherited from the shell", ["shell"], false],
];

export async function open(shared, _, query) {
  const { options, environment } = await request("GET", "settings");
  const place = el("div", {});
  const bar = filterBar("Search names", [], draw, { live: false });

  function draw() {
    const words = bar.value("text");
    const like = ({ name, from }) => holds(`${name} ${from}`, words);
    place.replaceChildren(
      group("Options", options.filter(like), true),
      ...GROUPS.map(([title, from, open]) =>
        group(title, environment.filter((one) => from.includes(one.from) && like(one)), open || words !== "")));
  }

  const go = (query) => { bar.read(query); draw(); };
  go(query);
  return {
    node: el("section", { "aria-labelledby": "settings-title" }, el("h1", { id: "settings-title" }, "Settings"),
      el("p", { class: "quiet" }, "A value is shown only if its name is known to be harmless. Every other value stays in the emulator."),
      bar.node, place),
    go: (_, query) => go(query),
  };
}

function group(title, all, open) {
  return el("details", { class: "card settings", open },
    el("summary", {}, el("strong", {}, title), el("span", { class: "quiet" }, ` ${all.length}`)),
    el("dl", { class: "parameters" }, all.map(entry)));
}

function entry({ name, value, withheld, from, overridden = [] }) {
  const shown = withheld ? el("span", { class: "quiet" }, "not shown") : value === null ? el("span", { class: "quiet" }, "none")
    : value === "" ? el("span", { class: "quiet" }, "empty") : el("code", {}, value);
  return el("div", {}, el("dt", {}, el("code", {}, name)),
    el("dd", {}, shown, el("span", { class: "quiet" }, ` · from ${from}`, overridden.length > 0 && `, in place of ${overridden.join(", ")}`)));
}

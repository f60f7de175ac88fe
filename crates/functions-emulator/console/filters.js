// What narrows a list. It is kept in the address: back, forward and reload bring it back, and a link can hand it on.

import { button, el, field } from "./dom.js";

/** The number in the address up to which a list was cleared. */
const CLEARED = "after";

/**
 * A bar above a list of numbered items. `search` is the label of the field for free text, `fields` are further ones as
 * triples of name, label and control. `changed` is called when the list has to be drawn again. A list that is not `live`
 * can be neither paused nor cleared.
 */
export function filterBar(search, fields, changed, { live = true } = {}) {
  const text = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const all = [["text", search, text], ...fields];
  const more = el("details", { class: "more" }, el("summary", {}, "More filters"),
    el("div", { class: "row" }, fields.map(([, label, control]) => field(label, control))));
  const count = el("span", { class: "quiet" });
  const shownAgain = button("Show cleared", () => { query.delete(CLEARED); write(); }, "link");
  const pause = el("button", { type: "button", "aria-pressed": "false" }, "Pause");
  let query = new URLSearchParams();
  let newest = 0;
  let until = Infinity;
  let typing = null;

  function address(replace) {
    const [path] = location.hash.split("?");
    const said = query.toString();
    history[replace ? "replaceState" : "pushState"](null, "", said ? `${path}?${said}` : path);
  }

  function write(replace = false) {
    address(replace);
    changed();
  }

  for (const [name, , control] of all) {
    control.addEventListener("input", () => {
      if (control.value) query.set(name, control.value);
      else query.delete(name);
      // One word is one step back, however many letters it has.
      write(typing === control);
      typing = control;
    });
    control.addEventListener("change", () => (typing = null));
  }
  pause.addEventListener("click", () => {
    until = until === Infinity ? newest : Infinity;
    pause.setAttribute("aria-pressed", String(until !== Infinity));
    changed();
  });

  return {
    node: el("div", { class: "filters", role: "search" },
      el("div", { class: "row" }, field(search, text), live && pause,
        live && button("Clear", () => { query.set(CLEARED, newest); write(); })),
      fields.length > 0 && more,
      live && el("div", { class: "line" }, count, shownAgain)),
    /** Takes what the address says. */
    read(next) {
      query = new URLSearchParams(next);
      typing = null;
      for (const [name, , control] of all) {
        const value = query.get(name) ?? "";
        if (control.tagName === "SELECT" && value && ![...control.options].some((option) => option.value === value)) {
          control.append(el("option", { value }, value));
        }
        control.value = value;
      }
      if (fields.some(([name]) => query.has(name))) more.open = true;
    },
    value: (name) => query.get(name) ?? "",
    /** The address of something in the list, with the same filters but for one. */
    link(path, without = null) {
      const kept = new URLSearchParams([...query].filter(([name]) => name !== without));
      return kept.size ? `${path}?${kept}` : path;
    },
    /** Of all items, newest first, those that `matches` and that are neither cleared nor held back by the pause. */
    narrow(items, matches) {
      newest = items[0]?.number ?? newest;
      // A host that was started anew counts from one again.
      if (items.length > 0 && newest < Number(query.get(CLEARED))) {
        query.delete(CLEARED);
        address(true);
      }
      const after = Number(query.get(CLEARED) ?? 0);
      const left = items.filter(({ number }) => number > after);
      const shown = left.filter(({ number }) => number <= until).filter(matches);
      const held = left.filter(({ number }) => number > until).length;
      pause.textContent = until === Infinity ? "Pause" : held ? `Resume, ${held} new` : "Resume";
      count.textContent = shown.length === items.length ? `${items.length} in all` : `${shown.length} of ${items.length}`;
      shownAgain.hidden = left.length === items.length;
      return shown;
    },
  };
}

/** Whether a text holds each of the words, in either case. */
export function holds(text, words) {
  const all = text.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

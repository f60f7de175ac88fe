// Elements from texts and values; no text ever becomes markup.

/** Makes an element. Properties that begin with `on` are listeners; null, undefined and false leave one out. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let fields = 0;

/** A control with its label. */
export function field(label, control, hint) {
  control.id ||= `field-${++fields}`;
  const note = hint && el("small", { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, note);
}

/** A list to choose from; each choice is a text or a pair of value and text. */
export function select(choices, chosen) {
  const options = choices.map((choice) => {
    const [value, text] = Array.isArray(choice) ? choice : [choice, choice];
    return el("option", { value, selected: value === chosen }, text);
  });
  return el("select", {}, options);
}

/** A button that is off while what it starts is under way. */
export function button(text, act, kind = "") {
  const made = el("button", { type: "button", class: kind }, text);
  made.addEventListener("click", () => during(made, act));
  return made;
}

/** Switches a control off while an action runs, and tells what went wrong. */
export async function during(control, act) {
  control.disabled = true;
  try {
    await act();
  } catch (error) {
    notice(error.message, "bad");
  } finally {
    control.disabled = false;
  }
}

/** Lines of a text that are shown at first. */
const LINES = 60;

/** Text of fixed width; a long one is shown whole when the reader asks for it. */
export function listing(label, text, kind = "") {
  const lines = text.split("\n");
  const short = lines.length > LINES + 5 || text.length > LINES * 100
    ? lines.slice(0, LINES).join("\n").slice(0, LINES * 100) : text;
  const shown = el("pre", { class: kind, role: "group", "aria-label": label }, short);
  if (short === text) return shown;
  const more = el("button", { type: "button", class: "link", "aria-expanded": "false" });
  const set = (open) => {
    shown.textContent = open ? text : short;
    more.textContent = open ? "Show less" : `Show all ${lines.length === 1 ? `${text.length} characters` : `${lines.length} lines`}`;
    more.setAttribute("aria-expanded", String(open));
  };
  more.addEventListener("click", () => set(more.getAttribute("aria-expanded") === "false"));
  set(false);
  return el("div", {}, shown, more);
}

/** Draws a place anew; what was unfolded stays so, and what had the focus has it again. */
export function redraw(place, ...nodes) {
  const controls = () => [...place.querySelectorAll("a, button, input, select, textarea, summary")];
  const open = [...place.querySelectorAll("details")].map((details) => details.open);
  const focused = controls().indexOf(document.activeElement);
  place.replaceChildren(...nodes);
  for (const [at, details] of place.querySelectorAll("details").entries()) details.open = open[at] ?? details.open;
  controls()[focused]?.focus({ preventScroll: true });
}

/** Puts a promised text into the clipboard. Safari allows it only if it is asked before the text is there. */
export async function copied(promise) {
  const text = promise.then((text) => new Blob([text], { type: "text/plain" }));
  await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
}

/** A sentence that stays for some seconds. */
export function notice(text, kind = "") {
  const shown = el("p", { class: `notice ${kind}` }, text);
  const place = document.getElementById("notices");
  place.append(shown);
  while (place.childElementCount > 4) place.firstElementChild.remove();
  setTimeout(() => shown.remove(), 8000);
}

/** A time of day, with the date where it is another one. */
export function when(time) {
  if (!time) return "never";
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toISOString().slice(0, 10)} `;
  return el("time", { datetime: time, title: time }, day + at.toTimeString().slice(0, 8));
}

/** How far away a time is. */
export function distance(time) {
  const seconds = Math.round((new Date(time) - Date.now()) / 1000);
  const size = Math.abs(seconds);
  const text =
    size < 90 ? `${size} s` : size < 5400 ? `${Math.round(size / 60)} min`
    : size < 129600 ? `${Math.round(size / 3600)} h` : `${Math.round(size / 86400)} d`;
  return seconds > 0 ? `in ${text}` : seconds === 0 ? "now" : `${text} ago`;
}

/** Where a list stands above what was chosen in it, shows the latter. */
export function reveal(element) {
  if (matchMedia("(max-width: 60rem)").matches) element.scrollIntoView({ block: "start" });
}

/** JSON with line breaks; any other text as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

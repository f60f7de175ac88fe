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

/** Text of fixed width that scrolls on its own, by keyboard too. */
export function listing(label, text, kind = "") {
  return el("pre", { class: kind, tabindex: 0, role: "group", "aria-label": label }, text);
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

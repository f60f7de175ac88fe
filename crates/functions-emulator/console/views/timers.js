// Timers, their next run, and a run now.

import { button, distance, el, notice, when } from "../dom.js";
import { request, part } from "../client.js";

export async function open() {
  const place = el("div", { class: "cards" });
  const node = el("section", { "aria-labelledby": "timers-title" }, el("h1", { id: "timers-title" }, "Timers"), place);

  async function draw() {
    const timers = await request("GET", "timers");
    place.replaceChildren(...(timers.length ? timers.map(card) : [el("p", { class: "empty" }, "This app has no timers.")]));
  }

  function card({ function: name, schedule, last, next, running }) {
    const fact = (title, ...value) => el("div", {}, el("dt", {}, title), el("dd", {}, value));
    return el("article", { class: "card", "aria-label": `Timer ${name}` },
      el("div", { class: "line" }, el("h2", {}, name), running && el("span", { class: "badge wait" }, "running"),
        button("Run now", async () => {
          try {
            await request("POST", `timers/${part(name)}/run`);
            notice(`${name} has run.`);
          } finally {
            await draw();
          }
        }, "main")),
      el("dl", { class: "facts" }, fact("Schedule", el("code", {}, schedule)),
        fact("Next run", next ? [when(next), ` (${distance(next)})`] : "never"), fact("Last run", when(last))));
  }

  await draw();
  return { node, onEvent: ({ kind, call }) => kind === "call" && call.duration !== null && !call.head && draw() };
}

// Faults, each on a switch.

import { button, during, el, field, notice, select } from "../dom.js";
import { ask, part } from "../host.js";

const MISHAPS = [
  ["twice", "is delivered twice"], ["leaseOver", "loses its lease at once"], ["late", "shows itself later"],
  ["lost", "never arrives"], ["givenUp", "is given up and goes to the poison queue"],
];

export async function open(shared) {
  const { switches } = shared.overview;
  const queues = switches.storageAway === null ? [] : (await ask("GET", "queues")).map(({ name }) => name);
  return {
    node: el("section", { "aria-labelledby": "faults-title" }, el("h1", { id: "faults-title" }, "Faults"),
      el("div", { class: "cards" }, worker(), answers(shared, switches.answers), storage(shared, switches.storageAway),
        queues.length > 0 && message(queues))),
  };
}

function card(title, text, ...content) {
  return el("article", { class: "card", "aria-label": title }, el("h2", {}, title), el("p", { class: "quiet" }, text), content);
}

async function turn(shared, wanted, said) {
  shared.overview.switches = await ask("PUT", "faults", wanted);
  notice(said);
}

/** A field that is there only while a list stands at one of its choices. */
function fieldOf(list, choice, label, control) {
  const made = field(label, control);
  const see = () => (made.hidden = list.value !== choice);
  list.addEventListener("change", see);
  see();
  return made;
}

function worker() {
  return card("Worker", "SIGKILL to the process and its children, as when memory is short. The host starts the next one.",
    button("Kill the worker now", async () => {
      const { killed } = await ask("POST", "worker/kill");
      notice(`Process ${killed} was killed.`);
    }, "danger"));
}

function answers(shared, { kind, milliseconds }) {
  const choice = select([["none", "as they come"], ["late", "late"], ["dropped", "lost on the way"]], kind);
  const late = el("input", { type: "number", min: 1, max: 600000, value: milliseconds ?? 2000 });
  const set = el("button", { class: "main" }, "Switch");
  const act = () => {
    const wanted = choice.value === "late" ? { kind: "late", milliseconds: Number(late.value) } : { kind: choice.value };
    return turn(shared, { answers: wanted }, `Answers of the worker now come ${choice.selectedOptions[0].text}.`);
  };
  return card("Answers", "Changes every answer of the worker until you switch back. The worker has done its work then.",
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(set, act); } },
      el("div", { class: "row" }, field("Answers come", choice), fieldOf(choice, "late", "Late by (ms)", late)), set));
}

function storage(shared, away) {
  if (away === null) {
    return card("Storage", "The queues are at a queue server: stop that server to see what happens without it.");
  }
  const gone = el("input", { type: "checkbox", checked: away });
  gone.addEventListener("change", () => during(gone, () =>
    turn(shared, { storageAway: gone.checked }, gone.checked ? "The queues do not answer now." : "The queues answer again.")));
  return card("Storage", "Nothing can be put, received or settled while it is away; nothing is lost.", field("Storage is away", gone));
}

function message(queues) {
  const queue = select(queues);
  const what = select(MISHAPS);
  const seconds = el("input", { type: "number", min: 1, max: 86400, value: 10 });
  const set = el("button", { class: "main" }, "Let it happen");
  const act = async () => {
    const wanted = what.value === "late" ? { kind: "late", seconds: Number(seconds.value) } : { kind: what.value };
    await ask("POST", `queues/${part(queue.value)}/mishap`, wanted);
    notice(`The next message of ${queue.value} ${what.selectedOptions[0].text}.`);
  };
  return card("The next message", "Changes one message.",
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(set, act); } },
      el("div", { class: "row" }, field("Of the queue", queue), field("It", what), fieldOf(what, "late", "Later by (s)", seconds)), set));
}

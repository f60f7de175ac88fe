// Faults, each on a switch.

import { button, during, el, field, notice, select } from "../dom.js";
import { request, part } from "../client.js";

const MESSAGE_FAULTS = [
  ["duplicated", "is delivered twice"], ["leaseExpired", "loses its lease at once"], ["delayed", "becomes visible later"],
  ["lost", "never arrives"], ["poisoned", "goes to the poison queue"],
];

export async function open(shared) {
  const { switches } = shared.overview;
  const queues = switches.storageUnavailable === null ? [] : (await request("GET", "queues")).map(({ name }) => name);
  return {
    node: el("section", { "aria-labelledby": "faults-title" }, el("h1", { id: "faults-title" }, "Faults"),
      el("div", { class: "cards" }, worker(), answers(shared, switches.answers),
        outputs(shared, switches.outputs), storage(shared, switches.storageUnavailable),
        queues.length > 0 && message(queues))),
  };
}

function card(title, text, ...content) {
  return el("article", { class: "card", "aria-label": title }, el("h2", {}, title), el("p", { class: "quiet" }, text), content);
}

async function turn(shared, wanted, said) {
  shared.overview.switches = await request("PUT", "faults", wanted);
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
      const { killed } = await request("POST", "worker/kill");
      notice(`Process ${killed} was killed.`);
    }, "danger"));
}

function answers(shared, { kind, milliseconds }) {
  const choice = select([["none", "unchanged"], ["delayed", "delayed"], ["dropped", "lost in transit"]], kind);
  const late = el("input", { type: "number", min: 1, max: 600000, value: milliseconds ?? 2000 });
  const set = el("button", { class: "main" }, "Apply");
  const act = () => {
    const wanted = choice.value === "delayed" ? { kind: "delayed", milliseconds: Number(late.value) } : { kind: choice.value };
    return turn(shared, { answers: wanted }, `Responses of the worker are now ${choice.selectedOptions[0].text}.`);
  };
  return card("Responses", "Changes every response of the worker until you set it back. The worker has done its work by then.",
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(set, act); } },
      el("div", { class: "row" }, field("Responses are", choice), fieldOf(choice, "delayed", "Delay (ms)", late)), set));
}

function outputs(shared, { kind, milliseconds }) {
  const choice = select([["none", "at once"], ["delayed", "one after another, delayed"]], kind);
  const late = el("input", { type: "number", min: 0.1, max: 600000, step: "any", value: milliseconds ?? 15 });
  const set = el("button", { class: "main" }, "Apply");
  const act = () => {
    const wanted = choice.value === "delayed" ? { kind: "delayed", milliseconds: Number(late.value) } : { kind: choice.value };
    return turn(shared, { outputs: wanted }, `Messages are now put ${choice.selectedOptions[0].text}.`);
  };
  return card("Outputs", "A real queue takes about 15 ms for each message of an output. That time counts against functionTimeout.",
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(set, act); } },
      el("div", { class: "row" }, field("Messages are put", choice), fieldOf(choice, "delayed", "Delay of each (ms)", late)), set));
}

function storage(shared, unavailable) {
  if (unavailable === null) {
    return card("Storage", "The queues are at a queue server: stop that server to see what happens without it.");
  }
  const box = el("input", { type: "checkbox", checked: unavailable });
  box.addEventListener("change", () => during(box, () =>
    turn(shared, { storageUnavailable: box.checked }, box.checked ? "The queues do not answer now." : "The queues answer again.")));
  return card("Storage", "Nothing can be put, received or settled while it is unavailable; nothing is lost.", field("Storage is unavailable", box));
}

function message(queues) {
  const queue = select(queues);
  const what = select(MESSAGE_FAULTS);
  const seconds = el("input", { type: "number", min: 1, max: 86400, value: 10 });
  const set = el("button", { class: "main" }, "Inject the fault");
  const act = async () => {
    const wanted = what.value === "delayed" ? { kind: "delayed", seconds: Number(seconds.value) } : { kind: what.value };
    await request("POST", `queues/${part(queue.value)}/fault`, wanted);
    notice(`The next message of ${queue.value} ${what.selectedOptions[0].text}.`);
  };
  return card("The next message", "Injects a fault into one message.",
    el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(set, act); } },
      el("div", { class: "row" }, field("Queue", queue), field("Fault", what), fieldOf(what, "delayed", "Delay (s)", seconds)), set));
}

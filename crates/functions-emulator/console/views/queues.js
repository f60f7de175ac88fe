// Queues, their messages, and what can be done with them.

import { button, distance, el, listing, notice, pretty, when } from "../dom.js";
import { request, part } from "../client.js";
import { putForm } from "./functions.js";

/** What a queue server holds changes without this host's doing. */
const LOOK_AGAIN = 2000;

export async function open() {
  const place = el("div", { class: "cards" });
  const node = el("section", { "aria-labelledby": "queues-title" }, el("h1", { id: "queues-title" }, "Queues"), place);
  const cards = new Map();

  async function draw() {
    const queues = await request("GET", "queues");
    const names = new Set(queues.map(({ name }) => name));
    for (const [name, card] of cards) {
      if (!names.has(name)) card.node.remove(), cards.delete(name);
    }
    for (const queue of queues) {
      if (!cards.has(queue.name)) cards.set(queue.name, card(queue.name, draw));
      const { node, show } = cards.get(queue.name);
      show(queue);
      if (!node.isConnected) place.append(node);
    }
    if (queues.length === 0) place.replaceChildren(el("p", { class: "empty" }, "This app has no queues."));
  }

  const quietly = () => draw().catch(() => {});
  await draw();
  const timer = setInterval(quietly, LOOK_AGAIN);
  return {
    node,
    onEvent: (event) => ["call", "queues", "worker"].includes(event.kind) && quietly(),
    leave: () => clearInterval(timer),
  };
}

function card(name, draw) {
  const counts = el("span", { class: "quiet" });
  const reader = el("p", { class: "quiet" });
  const messages = el("ul", { class: "messages" });
  const act = (text, what, done, kind) => button(text, async () => {
    await what();
    notice(done);
    await draw();
  }, kind);
  const purge = act("Purge", () => request("DELETE", `queues/${part(name)}/messages`), `${name} is empty now.`, "danger");
  const put = el("details", {}, el("summary", {}, "Put a message"), putForm(name, draw));
  const node = el("article", { class: "card", "aria-label": `Queue ${name}` },
    el("div", { class: "line" }, el("h2", {}, name), counts, purge), reader, put, messages);
  let before = "";

  function item(message) {
    const at = `queues/${part(name)}/messages/${message.id}`;
    const target = name.replace(/-poison$/, "");
    return el("li", {},
      el("div", { class: "line" },
        el("span", { class: `badge ${message.hidden ? "wait" : "good"}` }, message.hidden ? "hidden" : "visible"),
        el("span", {}, `${message.dequeueCount} ${message.dequeueCount === 1 ? "delivery" : "deliveries"}`),
        el("span", { class: "quiet" }, "put ", when(message.insertedAt),
          message.hidden ? [", visible ", distance(message.nextVisibleAt)] : []),
        act("Requeue", () => request("POST", `${at}/requeue`), `The message went to ${target}.`),
        act("Delete", () => request("DELETE", at), "The message is gone.", "danger")),
      el("code", { class: "quiet mono" }, message.id),
      listing("Text", pretty(message.text)));
  }

  return {
    node,
    show(queue) {
      counts.textContent = `${queue.visible} visible, ${queue.hidden} hidden`;
      reader.textContent = queue.readBy ? `read by ${queue.readBy}` : queue.isPoison ? "poison queue, no function reads it" : "no function reads it";
      purge.hidden = queue.messages.length === 0;
      const now = JSON.stringify(queue.messages);
      // What is being read or pressed stays where it is while nothing changes.
      if (now !== before) messages.replaceChildren(...queue.messages.map(item));
      before = now;
    },
  };
}

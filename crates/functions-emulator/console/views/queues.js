// Queues, their messages, and what can be done with them.

import { button, distance, el, listing, notice, pretty, when } from "../dom.js";
import { request, part } from "../client.js";
import { filterBar, holds } from "../filters.js";
import { keyed, row } from "../keyed.js";
import { putForm } from "./functions.js";

/** What a queue server holds changes without this host's doing. */
const LOOK_AGAIN = 2000;

export async function open(shared, _, query) {
  const place = el("div", { class: "cards" });
  const none = el("p", { class: "empty" }, "This app has no queues.");
  const bar = filterBar("Search messages", [], () => show(), { live: false });
  const node = el("section", { "aria-labelledby": "queues-title" }, el("h1", { id: "queues-title" }, "Queues"),
    bar.node, none, place);
  const cards = new Map();
  let queues = [];

  async function draw() {
    queues = await request("GET", "queues");
    show();
  }

  function show() {
    const names = new Set(queues.map(({ name }) => name));
    for (const [name, card] of cards) {
      if (!names.has(name)) card.node.remove(), cards.delete(name);
    }
    for (const queue of queues) {
      if (!cards.has(queue.name)) cards.set(queue.name, card(queue, draw));
      const one = cards.get(queue.name);
      one.show(queue, bar.value("text"));
      if (!one.node.isConnected) place.append(one.node);
    }
    none.hidden = queues.length > 0;
  }

  const quietly = () => draw().catch(() => {});
  bar.read(query);
  await draw();
  const timer = setInterval(quietly, LOOK_AGAIN);
  return {
    node,
    go: (_, query) => (bar.read(query), show()),
    onEvent: (event) => ["call", "queues", "worker"].includes(event.kind) && quietly(),
    leave: () => clearInterval(timer),
  };
}

function card({ name, encoding }, draw) {
  const counts = el("span", { class: "quiet" });
  const reader = el("p", { class: "quiet" });
  const found = el("p", { class: "quiet" });
  const messages = el("ul", { class: "messages" });
  const act = (text, what, done, kind) => button(text, async () => {
    await what();
    notice(done);
    await draw();
  }, kind);
  const purge = act("Purge", () => request("DELETE", `queues/${part(name)}/messages`), `${name} is empty now.`, "danger");
  const put = el("details", {}, el("summary", {}, "Put a message"), putForm(name, encoding, draw));
  const node = el("article", { class: "card", "aria-label": `Queue ${name}` },
    el("div", { class: "line" }, el("h2", {}, name), counts, purge), reader, put, found, messages);
  const list = keyed(messages, (message) => message.id, () => {
    const item = el("li", {});
    return row(item, item, content);
  });

  function content(message) {
    const at = `queues/${part(name)}/messages/${message.id}`;
    const target = name.replace(/-poison$/, "");
    return [
      el("div", { class: "line" },
        el("span", { class: `badge ${message.hidden ? "wait" : "good"}` }, message.hidden ? "hidden" : "visible"),
        el("span", {}, `${message.dequeueCount} ${message.dequeueCount === 1 ? "delivery" : "deliveries"}`),
        el("span", { class: "quiet" }, "put ", when(message.insertedAt),
          message.hidden ? [", visible ", distance(message.nextVisibleAt)] : []),
        act("Requeue", () => request("POST", `${at}/requeue`), `The message went to ${target}.`),
        act("Delete", () => request("DELETE", at), "The message is gone.", "danger")),
      el("code", { class: "quiet mono" }, message.id),
      listing("Text", pretty(message.text)),
      message.decoded
        ? el("details", {}, el("summary", {}, "Decoded from Base64"), listing("As it is stored", message.stored))
        : el("p", { class: "quiet" }, encoding === "none" ? "Stored as it is." : "This is no Base64: shown as it is stored."),
    ];
  }

  return {
    node,
    show(queue, words) {
      counts.textContent = `${queue.visible} visible, ${queue.hidden} hidden`;
      reader.textContent = queue.readBy ? `read by ${queue.readBy}` : queue.isPoison ? "poison queue, no function reads it" : "no function reads it";
      purge.hidden = queue.messages.length === 0;
      const like = queue.messages.filter(({ id, text }) => holds(`${id} ${text}`, words));
      found.textContent = words && queue.messages.length ? `${like.length} of ${queue.messages.length} messages are like that.` : "";
      list(like);
    },
  };
}

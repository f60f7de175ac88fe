// Who can be signed in as, and tokens for them.

import { button, during, el, field, notice, select } from "../dom.js";
import { ask, part } from "../host.js";

export async function open(shared) {
  const { people, front } = shared.overview;
  const title = el("h1", { id: "people-title" }, "People");
  if (!people) return { node: el("section", {}, title, el("p", { class: "empty" }, "This app has no people.")) };
  const text = el("textarea", { rows: 6, readonly: true, spellcheck: "false" });
  const token = field("Token", text, "valid for an hour unless another time is chosen");

  async function make(name, wish = {}) {
    const made = await ask("POST", `people/${part(name)}/token`, wish);
    text.value = made.token;
    try {
      await navigator.clipboard.writeText(made.token);
      notice(`A token for ${name} is in the clipboard.`);
    } catch {
      notice(`A token for ${name} is below; the browser lets no page copy it.`);
      text.select();
    }
  }

  const facts = [["Tenant", people.tenant], ["Audience", people.audience], ["Client", people.client],
    ["Scopes", people.scopes.join(" ")], ["Front", front]];
  return {
    node: el("section", { "aria-labelledby": "people-title" }, title,
      el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      el("div", { class: "cards small" }, people.everyone.map((person) => card(person, make))),
      el("h2", {}, "A token of another kind"), other(people.everyone, make), token),
  };
}

function card(person, make) {
  return el("article", { class: "card", "aria-label": person.name },
    el("div", { class: "line" }, el("h2", {}, person.name), el("span", { class: "badge" }, person.kind),
      button("Copy token", () => make(person.name))),
    el("p", {}, person.roles.length ? person.roles.join(", ") : el("span", { class: "quiet" }, "no roles")),
    el("code", { class: "quiet mono" }, person.objectId));
}

function other(everyone, make) {
  const person = select(everyone.map(({ name }) => name));
  const roles = el("input", { autocomplete: "off", spellcheck: "false" });
  const minutes = el("input", { type: "number", min: 0, max: 1440, value: 60 });
  const send = el("button", { class: "main" }, "Make and copy it");
  const act = () => make(person.value, {
    roles: roles.value.split(",").map((role) => role.trim()).filter(Boolean), minutes: Number(minutes.value),
  });
  return el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(send, act); } },
    el("div", { class: "row" }, field("Person", person), field("Roles", roles, "separated by commas; none if empty"),
      field("Minutes", minutes)), send);
}

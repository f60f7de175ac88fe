// The users to sign in as, and tokens for them.

import { button, copied, during, el, field, notice, select } from "../dom.js";
import { request, part } from "../client.js";

export async function open(shared) {
  const { users, easyauth } = shared.overview;
  const title = el("h1", { id: "users-title" }, "Users");
  if (!users) return { node: el("section", {}, title, el("p", { class: "empty" }, "This app has no users file.")) };
  const text = el("textarea", { rows: 6, readonly: true, spellcheck: "false" });
  const token = field("Token", text, "valid for an hour unless another time is chosen");

  async function make(name, options = {}) {
    const made = request("POST", `users/${part(name)}/token`, options).then(({ token }) => (text.value = token));
    try {
      await copied(made);
      notice(`A token for ${name} is in the clipboard.`);
    } catch {
      await made;
      notice(`A token for ${name} is below; the browser lets no page copy it.`);
      text.select();
    }
  }

  const facts = [["Tenant", users.tenant], ["Audience", users.audience], ["Client", users.client],
    ["Scopes", users.scopes.join(" ")], ["EasyAuth", easyauth]];
  return {
    node: el("section", { "aria-labelledby": "users-title" }, title,
      el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      el("div", { class: "cards small" }, users.all.map((user) => card(user, make))),
      el("h2", {}, "A token of another kind"), other(users.all, make), token),
  };
}

function card(user, make) {
  return el("article", { class: "card", "aria-label": user.name },
    el("div", { class: "line" }, el("h2", {}, user.name), el("span", { class: "badge" }, user.kind),
      button("Copy token", () => make(user.name))),
    el("p", {}, user.roles.length ? user.roles.join(", ") : el("span", { class: "quiet" }, "no roles")),
    el("code", { class: "quiet mono" }, user.objectId));
}

function other(all, make) {
  const user = select(all.map(({ name }) => name));
  const roles = el("input", { autocomplete: "off", spellcheck: "false" });
  const minutes = el("input", { type: "number", min: 0, max: 1440, value: 60 });
  const send = el("button", { class: "main" }, "Make and copy it");
  const act = () => make(user.value, {
    roles: roles.value.split(",").map((role) => role.trim()).filter(Boolean), minutes: Number(minutes.value),
  });
  return el("form", { class: "call", onsubmit: (event) => { event.preventDefault(); during(send, act); } },
    el("div", { class: "row" }, field("User", user), field("Roles", roles, "separated by commas; none if empty"),
      field("Minutes", minutes)), send);
}

// The frame around the views: tabs, the worker's state, and who hears what happens.

import { showBuild } from "./build.js";
import { el, notice } from "./dom.js";
import { request, listen } from "./client.js";
import * as functions from "./views/functions.js";
import * as calls from "./views/calls.js";
import * as traces from "./views/traces.js";
import * as logs from "./views/logs.js";
import * as queues from "./views/queues.js";
import * as timers from "./views/timers.js";
import * as api from "./views/document.js";
import * as users from "./views/users.js";
import * as settings from "./views/settings.js";
import * as faults from "./views/faults.js";

const views = { functions, calls, traces, logs, queues, timers, api, users, settings, faults };
const titles = {
  functions: "Functions", calls: "Calls", traces: "Traces", logs: "Logs", queues: "Queues", timers: "Timers", api: "API",
  users: "Users", settings: "Settings", faults: "Faults",
};

/** What all views share. */
const shared = { overview: null, user: null };
let shown = null;
/** Whether a view was shown before: only then does the focus move. */
let arrived = false;
const main = document.getElementById("main");

function route() {
  const [, name, rest, query] = location.hash.match(/^#\/([a-z]+)(?:\/([^?]*))?(?:\?(.*))?$/) ?? [];
  return {
    name: views[name] ? name : "functions", rest: rest ? decodeURIComponent(rest) : "", query: new URLSearchParams(query),
  };
}

/** Marks the tab of the view; the tabs themselves stay, and with them the focus. */
function tabs() {
  const { name } = route();
  const place = document.getElementById("tabs");
  if (!place.firstElementChild) {
    place.append(...Object.entries(titles).map(([view, title]) => el("li", {}, el("a", { href: `#/${view}` }, title))));
  }
  for (const link of place.querySelectorAll("a")) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function show() {
  const { name, rest, query } = route();
  main.setAttribute("aria-busy", "true");
  tabs();
  document.title = `${titles[name]} · ${shared.overview?.app ?? "functions-emulator"}`;
  try {
    if (shown?.name === name && shown.view.go) return await shown.view.go(rest, query);
    shown?.view.leave?.();
    const view = await views[name].open(shared, rest, query);
    shown = { name, view };
    main.replaceChildren(view.node);
    scrollTo(0, 0);
    main.scrollTop = 0;
    if (arrived) main.focus({ preventScroll: true });
    arrived = true;
  } catch (error) {
    shown = null;
    main.replaceChildren(el("p", { class: "empty" }, error.message));
  } finally {
    main.removeAttribute("aria-busy");
  }
}

async function refresh() {
  shared.overview = await request("GET", "overview");
  shared.user ??= shared.overview.easyauth === "on" ? shared.overview.users?.all[0]?.name ?? "" : "";
  document.getElementById("app").textContent = shared.overview.app;
  showStatus();
}

/** Shows the status of worker and build. */
function showStatus() {
  const { worker, build } = shared.overview;
  const process = worker.ready ? `worker ready · process ${worker.pid}` : worker.pid ? "worker starting" : "no worker";
  state(build.running ? `${process} · building` : process, worker.ready ? "good" : "bad");
  showBuild(build);
}

function state(text, kind) {
  const place = document.getElementById("worker");
  place.textContent = text;
  place.className = `state ${kind}`;
}

async function onEvent(event) {
  if (event.kind === "gone") return state("the host is gone", "bad");
  if (["hello", "lagged", "worker"].includes(event.kind)) {
    await refresh().catch((error) => notice(error.message, "bad"));
  }
  if (event.kind === "build" && shared.overview) {
    shared.overview.build = event.build;
    showStatus();
  }
  if (["worker", "violation", "queues"].includes(event.kind)) {
    notice(event.kind === "worker" ? `The worker ${event.what}` : event.what, event.kind === "violation" ? "bad" : "");
  }
  shown?.view.onEvent?.(event);
  dispatchEvent(new CustomEvent("emulator-event", { detail: event }));
}

addEventListener("hashchange", () => {
  if (location.hash.startsWith("#/")) show();
});

try {
  await refresh();
} catch (error) {
  notice(error.message, "bad");
}
await show();
listen(onEvent);

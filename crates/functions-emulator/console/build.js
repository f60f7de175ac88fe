// A banner for a build that failed: it stays until one is done.

import { el, listing, notice } from "./dom.js";

let shown = null;

/** What has not changed is left as it is: a banner that is drawn again is read out again, and loses its place. Only its
    headline is read out, because what compilers say is long. */
export function showBuild({ failure }) {
  if (failure === shown) return;
  const banner = document.getElementById("build");
  banner.replaceChildren(...(failure === null ? [] : [
    el("strong", { class: "bad", role: "alert" }, "What was saved last cannot be served."),
    el("p", {}, "What served before keeps serving. This goes once a build is done."),
    listing("Build output", failure),
  ]));
  if (failure === null) notice("What was saved last is served now.");
  shown = failure;
}

// A headless browser, and the console in it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** The environment as it was: the packaged Chromium puts its own fonts and libraries into it. */
export const environment = { ...process.env };

/** Takes a package from where they are installed. */
export const tools = createRequire(pathToFileURL(`${process.env.CONSOLE_TOOLS}/`));
const { chromium } = tools("playwright-core");

/** The text of the accessibility checker, to be run in a page. */
export const axe = tools.resolve("axe-core/axe.min.js");

/** Starts the browser of this machine, or the one that was installed as a package. */
export async function launch() {
  const installed = process.env.CONSOLE_CHROMIUM;
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  if (installed) return chromium.launch({ executablePath: installed, args });
  // The package brings the libraries that a bare machine lacks, and unpacks them when it believes to be in its cloud.
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs20.x";
  const { default: packaged } = await import(pathToFileURL(tools.resolve("@sparticuz/chromium")));
  // The package's own arguments switch off what keeps origins apart, which is what the attacks are about.
  return chromium.launch({ executablePath: await packaged.executablePath(), args: ["--no-sandbox", "--disable-gpu"] });
}

/** Opens a view of the console; what the page throws or logs as an error fails the test. */
export async function open(browser, url, view, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (line) => line.type() === "error" && page.faults.push(line.text()));
  page.setDefaultTimeout(10_000);
  await page.goto(`${url}#/${view}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("status").filter({ hasText: "worker ready" }).waitFor();
  return page;
}

/** Goes to another view of an open page. */
export async function go(page, tab) {
  await page.getByRole("navigation").getByRole("link", { name: tab, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: tab }).waitFor();
}

/** Fills in a function's form and sends it; the number of the call, and status and body of the answer. */
export async function call(page, name, { as, id, query, body, mode }) {
  await page.getByRole("link", { name }).and(page.locator(`[href="#/functions/${name}"]`)).click();
  await page.getByRole("heading", { level: 2, name }).waitFor();
  await page.getByLabel("As", { exact: true }).selectOption(as);
  if (id) await page.getByLabel(/^\{/).fill(id);
  if (query) await page.getByLabel("Query").fill(query);
  if (mode) await page.getByLabel("Through").selectOption(mode);
  if (body) await page.getByLabel("Body", { exact: true }).fill(JSON.stringify(body));
  await page.getByRole("button", { name: "Send" }).click();
  const shown = page.getByRole("region", { name: /^Call / });
  await shown.waitFor();
  for (const more of await shown.getByRole("button", { name: /^Show all/ }).all()) await more.click();
  const answer = shown.getByRole("group", { name: "Answer: body" });
  return {
    number: Number((await shown.getAttribute("aria-label")).replace("Call ", "")),
    status: Number(await shown.locator(".badge").first().innerText()),
    body: (await answer.count()) ? await answer.innerText() : "",
  };
}

/** Nothing went wrong in the page itself. */
export async function done(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** Kills the worker from the page of faults, and waits until the next one is ready. */
export async function kill(page) {
  const before = await page.getByRole("status").first().innerText();
  await page.getByRole("button", { name: "Kill the worker now" }).click();
  await page.getByText("was killed.").waitFor();
  await page.waitForFunction((before) => {
    const now = document.getElementById("worker").textContent;
    return now.startsWith("worker ready") && now !== before;
  }, before);
}

/** Asks the console's interface from within the page. */
export async function asked(page, method, path, body) {
  return page.evaluate(async (asked) => (await import("/_emulator/client.js")).request(...asked), [method, path, body]);
}

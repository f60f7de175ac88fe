// An order's way through call, queue, function and backend as one trace, and the view of it for everybody.

import assert from "node:assert/strict";
import { call, done, go, open } from "../../../crates/functions-emulator/browser/browser.mjs";
import { look } from "../../../crates/functions-emulator/browser/looks.mjs";
import { place, until } from "./walk.mjs";

/** An exporter waits for five seconds. */
const DEADLINE = 30_000;

export function traces(test, browser, url, shots) {
  test("an order is one trace, which leads to its calls and back", async () => {
    const page = await open(browser(), url, "functions");
    const id = await place(page);
    const { number } = await call(page, "ProcessOrder", { as: "clerk", id });
    await until(page, id, "fulfilled");
    await go(page, "Calls");
    await page.locator(`[href="#/calls/${number}"]`).click();
    const processed = page.getByRole("region", { name: `Call ${number}`, exact: true });
    const link = processed.getByRole("link", { name: /^[0-9a-f]{32}$/ });
    const trace = await link.innerText();
    await go(page, "Traces");
    await page.getByLabel("Name, service or id").fill(trace);
    await page.locator(`[href="#/traces/${trace}"]`).click({ timeout: DEADLINE });
    const spans = page.getByRole("list", { name: "Spans, by their start" });
    await spans.getByText("FulfilOrder", { exact: true }).waitFor({ timeout: DEADLINE });
    await spans.getByText("message of orders-fulfilment", { exact: true }).waitFor();
    const shown = await spans.locator("summary").evaluateAll((rows) => rows.map((row) =>
      `${row.querySelector(".unseen").textContent}${row.querySelector("strong").textContent}`));
    const chain = shown.filter((name) => !/: (SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|COMMIT|ROLLBACK)\b/.test(name));
    assert.deepEqual(chain, [
      "Level 1: POST /api/orders/{id}/process", "Level 2: ProcessOrder", "Level 3: message of orders-fulfilment",
      "Level 4: wait in the queue", "Level 4: FulfilOrder", "Level 5: POST",
    ]);
    await keyboard(page, spans);
    await look(browser(), url, shots, `traces/${trace}`, "trace");
    await page.getByRole("main").getByRole("link", { name: `Call ${number}`, exact: true }).first().click();
    await processed.waitFor();
    await link.click();
    await spans.getByText("FulfilOrder", { exact: true }).waitFor();
    await done(page);
  });

  test("traces are found by name and error", async () => {
    const page = await open(browser(), url, "traces");
    const list = page.getByRole("region", { name: "Traces" }).getByRole("list");
    await page.getByLabel("Name, service or id").fill("fulfilorder");
    await list.getByRole("link", { name: "GET /api/products" }).first().waitFor({ state: "hidden", timeout: DEADLINE });
    await list.getByRole("link", { name: "POST /api/orders/{id}/process" }).first().waitFor({ timeout: DEADLINE });
    await page.getByLabel("Name, service or id").fill("no such span");
    await list.getByText("No trace fits.").waitFor();
    await page.getByLabel("Name, service or id").fill("");
    await page.getByLabel("At least (ms)").fill("0.001");
    await list.getByRole("link").first().waitFor();
    await done(page);
  });
}

/** A span is opened and left without a mouse, and says what it was. */
async function keyboard(page, spans) {
  await spans.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  const [first, second] = [spans.getByRole("listitem").first(), spans.getByRole("listitem").nth(1)];
  await first.getByText("faas.invocation_id").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await second.getByText("faas.trigger").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.querySelector("strong").textContent), "ProcessOrder");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await first.getByText("faas.invocation_id").waitFor({ state: "hidden" });
}

// Lists that change while somebody reads them: calls that arrive leave focus and place alone, and what narrows a list is
// kept in the address.

import assert from "node:assert/strict";
import { asked, done, open } from "./browser.mjs";

/** `fn` is the name of an HTTP function below /api that answers a GET. */
export function lists(test, browser, url, fn) {
  test("a focused call keeps focus and place while others arrive", async () => {
    const page = await open(browser(), url, "calls", { viewport: { width: 1280, height: 500 } });
    const row = page.locator(`[href="#/calls/${await made(page, fn, 12)}"]`);
    await row.focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Shift+Tab");
    const before = await page.evaluate(() => document.activeElement.getBoundingClientRect().top);
    await row.evaluate((link) => (link.mark = "the same node"));
    const last = await made(page, fn, 5);
    await page.locator(`[href="#/calls/${last}"]`).waitFor();
    const after = await page.evaluate(() => ({ top: document.activeElement.getBoundingClientRect().top, mark: document.activeElement.mark }));
    assert.equal(after.mark, "the same node");
    assert.ok(Math.abs(after.top - before) <= 8, `it moved from ${before} to ${after.top}`);
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Call \d+$/ }).waitFor();
    assert.equal(await row.evaluate((link) => link === document.activeElement), true, "the list keeps the focus");
    await done(page);
  });

  test("a list that was scrolled stays where it is while calls arrive", async () => {
    for (const viewport of [{ width: 1280, height: 500 }, { width: 360, height: 500 }]) {
      const page = await open(browser(), url, "calls", { viewport });
      const middle = page.locator(`[href="#/calls/${await made(page, fn, 15)}"]`);
      await middle.waitFor();
      await page.locator(".calls > li").nth(12).evaluate((item) => item.scrollIntoView({ block: "start" }));
      const top = () => page.locator(".calls a[data-read]").evaluate((link) => link.getBoundingClientRect().top);
      await page.locator(".calls a").nth(13).evaluate((link) => (link.dataset.read = ""));
      const before = await top();
      await page.locator(`[href="#/calls/${await made(page, fn, 4)}"]`).waitFor({ state: "attached" });
      assert.ok(Math.abs((await top()) - before) <= 8, `${viewport.width}: it moved from ${before} to ${await top()}`);
      await done(page);
    }
  });

  test("where a call takes the place of the list, the way back leads to the same place", async () => {
    const page = await open(browser(), url, "calls", { viewport: { width: 360, height: 500 } });
    const row = page.locator(`[href="#/calls/${await made(page, fn, 1)}"]`);
    await page.locator(`[href="#/calls/${await made(page, fn, 12)}"]`).waitFor();
    await row.focus();
    const before = await row.evaluate((link) => link.getBoundingClientRect().top);
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: /^Call \d+$/ }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "All calls");
    assert.equal(await row.isVisible(), false);
    await page.keyboard.press("Enter");
    await row.waitFor();
    assert.equal(await row.evaluate((link) => link === document.activeElement), true);
    const after = await row.evaluate((link) => link.getBoundingClientRect().top);
    assert.ok(Math.abs(after - before) <= 8, `it moved from ${before} to ${after}`);
    await done(page);
  });

  test("filters are kept in the address, through back, forward and reload", async () => {
    const page = await open(browser(), url, "calls");
    const good = await made(page, fn, 1);
    const bad = await made(page, "no-such-function", 1);
    const [goodRow, badRow] = [good, bad].map((number) => page.locator(`.calls a[href^="#/calls/${number}"]`));
    await badRow.waitFor();
    await page.getByText("More filters").click();
    await page.getByLabel("Status").selectOption("2xx");
    await badRow.waitFor({ state: "detached" });
    assert.match(page.url(), /#\/calls\?status=2xx$/);
    await page.getByLabel("Search calls").pressSequentially(`${fn} GET`);
    assert.match(page.url(), /status=2xx&text=/);
    await goodRow.click();
    await page.getByRole("region", { name: `Call ${good}`, exact: true }).waitFor();
    await page.reload();
    await page.getByRole("region", { name: `Call ${good}`, exact: true }).waitFor();
    assert.equal(await page.getByLabel("Status").inputValue(), "2xx");
    assert.equal(await page.getByLabel("Search calls").inputValue(), `${fn} GET`);
    assert.equal(await badRow.count(), 0);
    await page.goBack();
    await page.goBack();
    assert.equal(await page.getByLabel("Search calls").inputValue(), "", "the words are one step");
    await page.goBack();
    await badRow.waitFor();
    await page.goForward();
    await badRow.waitFor({ state: "detached" });
    await page.getByLabel("Status").selectOption("4xx");
    await badRow.waitFor();
    assert.equal(await goodRow.count(), 0);
    for (const [label, value] of [["Function", "-"], ["User", "-"]]) await page.getByLabel(label, { exact: true }).selectOption(value);
    await badRow.waitFor();
    await page.getByLabel("Trace id").fill("f".repeat(32));
    await page.getByText("No call is like that.").waitFor();
    await done(page);
  });

  test("a paused list shows nothing new, a cleared one nothing old", async () => {
    const page = await open(browser(), url, "calls");
    const first = await made(page, fn, 1);
    await page.locator(`[href="#/calls/${first}"]`).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const second = await made(page, fn, 1);
    await page.getByRole("button", { name: "Resume, 1 new" }).waitFor();
    assert.equal(await page.locator(`[href="#/calls/${second}"]`).count(), 0);
    await page.getByRole("button", { name: /^Resume/ }).click();
    await page.locator(`[href="#/calls/${second}"]`).waitFor();
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await page.getByText("Nothing was called yet.").or(page.getByText("No call is like that.")).waitFor();
    const third = await made(page, fn, 1);
    await page.locator(`.calls a[href^="#/calls/${third}"]`).waitFor();
    assert.equal(await page.locator(".calls > li").count(), 1);
    await page.getByRole("button", { name: "Show cleared" }).click();
    await page.locator(`[href="#/calls/${first}"]`).waitFor();
    await done(page);
  });

  test("what was unfolded in a call stays so when the call changes", async () => {
    const page = await open(browser(), url, "calls");
    await asked(page, "PUT", "faults", { answers: { kind: "delayed", milliseconds: 1500 } });
    const made = asked(page, "POST", "calls", { method: "GET", path: `/api/${fn}?name=late`, user: "user" });
    await page.locator(".calls a").filter({ hasText: "name=late" }).filter({ hasText: "running" }).first().click();
    const shown = page.getByRole("region", { name: /^Call \d+$/ });
    const headers = shown.locator("details").first();
    await headers.locator("summary").click();
    const before = await shown.elementHandle();
    await made;
    await shown.getByText("200", { exact: true }).waitFor();
    assert.equal(await before.evaluate((old) => old.isConnected), false, "it was drawn anew");
    assert.equal(await headers.evaluate((details) => details.open), true);
    assert.equal(await headers.locator("summary").evaluate((summary) => summary === document.activeElement), true);
    await asked(page, "PUT", "faults", { answers: { kind: "none" } });
    await done(page);
  });
}

/** Makes calls of a function from within the page; the number of the last one. */
async function made(page, fn, times) {
  const user = fn === "no-such-function" ? null : "user";
  let number;
  for (let time = 0; time < times; time++) {
    ({ number } = await asked(page, "POST", "calls", { method: "GET", path: `/api/${fn}?name=list`, user }));
  }
  return number;
}

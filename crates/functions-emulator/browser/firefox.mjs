// The console in Firefox: every view, narrow and wide, what keeps somebody out, and the keyboard.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { environment, tools } from "./browser.mjs";
import { checkable, scrollBars, VIEWS, violations, WIDTHS } from "./looks.mjs";

/** How long a slow machine may take for anything. */
const DEADLINE = 30_000;

/** Runs where CONSOLE_FIREFOX names the program; pictures go into `folder`. */
export function firefox(test, url, folder) {
  const { CONSOLE_FIREFOX: program, CONSOLE_FIREFOX_LIBRARIES: libraries } = process.env;
  if (!program) return;
  let started = null;
  const home = mkdtempSync(join(tmpdir(), "firefox-"));
  const env = { ...environment, HOME: home, ...(libraries && { LD_LIBRARY_PATH: libraries }) };
  const browser = () => (started ??= tools("puppeteer-core").launch({
    browser: "firefox", executablePath: program, headless: true, timeout: 2 * DEADLINE, env,
  }));
  after(async () => {
    await (await started)?.close();
    rmSync(home, { recursive: true, force: true });
  });

  test("Firefox opens every view, narrow and wide, and nothing in them keeps anybody out", async () => {
    mkdirSync(folder, { recursive: true });
    const page = await opened(await browser(), url);
    await checkable(page);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 800 });
      for (const view of VIEWS) {
        await show(page, view);
        await page.screenshot({ path: `${folder}/${view}-${width}-firefox.png` });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${view} is wider than ${width} pixels`);
        assert.deepEqual(await scrollBars(page), [], view);
        assert.deepEqual(await violations(page), [], view);
      }
    }
    assert.deepEqual(page.faults, []);
    await page.close();
  });

  test("Firefox's keyboard reaches tabs, list and form, and what happens is seen at once", async () => {
    const page = await opened(await browser(), url);
    await show(page, "functions");
    const reached = new Set();
    for (let step = 0; step < 80 && !reached.has("Send"); step++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => {
        const { activeElement: at } = document;
        return at.labels?.[0]?.textContent ?? at.textContent.trim();
      }));
    }
    for (const name of ["Skip to the content", "Functions", "Faults", "Method", "As", "Headers", "Send"]) {
      assert.ok(reached.has(name), `${name} is not reached: ${[...reached].join(" | ")}`);
    }
    await page.keyboard.press("Enter");
    await until(page, () => [...document.querySelectorAll("h3")].some((at) => at.textContent === "What the worker saw"));
    await show(page, "calls");
    const before = await page.$eval(".calls a", (link) => link.hash);
    await page.evaluate(async () => {
      const { request } = await import("/_emulator/client.js");
      await request("POST", "calls", { method: "GET", path: "/seen-at-once" });
    });
    await until(page, (before) => document.querySelector(".calls a").hash !== before, before);
    assert.deepEqual(page.faults, []);
    await page.close();
  });
}

async function opened(browser, url) {
  const page = await browser.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("console", (line) => line.type() === "error" && page.faults.push(line.text()));
  page.setDefaultTimeout(DEADLINE);
  await page.setViewport({ width: WIDTHS.at(-1), height: 800 });
  await page.goto(url);
  await until(page, () => document.getElementById("worker").textContent.startsWith("worker ready"));
  return page;
}

async function show(page, view) {
  await page.evaluate((view) => { location.hash = `#/${view}`; }, view);
  await until(page, (view) => document.querySelector(`#tabs [href="#/${view}"][aria-current]`)
    && document.querySelector("main:not([aria-busy]) h1") !== null, view);
}

/** Waits for a condition in the page. The driver's own way would make a function of a text, which the page's policy refuses. */
async function until(page, holds, ...values) {
  const late = Date.now() + DEADLINE;
  while (!(await page.evaluate(holds, ...values))) {
    assert.ok(Date.now() < late, `not within ${DEADLINE} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

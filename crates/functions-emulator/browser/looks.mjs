// How the console looks, and whether everybody can use it: narrow and wide, light and dark, by keyboard.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { axe, open } from "./browser.mjs";

export const VIEWS = ["functions", "calls", "traces", "logs", "queues", "timers", "api", "users", "settings", "faults"];
export const WIDTHS = [360, 1280];
const COLOURS = ["light", "dark"];
const SERIOUS = ["serious", "critical"];

/** `views` are looked at beside the usual ones; pictures go into `folder`. */
export function looks(test, browser, url, folder, views = []) {
  for (const colorScheme of COLOURS) {
    for (const width of WIDTHS) {
      test(`everybody can read and use it, ${colorScheme}, ${width} pixels wide`, () =>
        every(browser(), url, folder, [...VIEWS, ...views], { colorScheme, viewport: { width, height: 800 } }));
    }
  }
  test("the keyboard reaches the tabs, the list and the form, and sends it", () => keyboard(browser(), url));
}

/** Looks at one view in every colour and width, as it is now; pictures are called as `name` says. */
export async function look(browser, url, folder, view, name) {
  for (const colorScheme of COLOURS) {
    for (const width of WIDTHS) {
      await every(browser, url, folder, [view], { colorScheme, viewport: { width, height: 800 } }, name);
    }
  }
}

async function every(browser, url, folder, views, options, name = null) {
  mkdirSync(folder, { recursive: true });
  const { width } = options.viewport;
  // Colours and widths break different rules, so each is checked once.
  const checked = (width === WIDTHS[0]) === (options.colorScheme === COLOURS[0]);
  const page = await open(browser, url, "functions", options);
  if (checked) await checkable(page);
  for (const view of views) {
    await page.goto(`${url}#/${view}`);
    await page.locator(`#tabs [href="#/${view.split("/")[0]}"][aria-current]`).waitFor();
    await page.locator("main:not([aria-busy])").waitFor();
    await page.screenshot({ path: `${folder}/${name ?? view.replace(/\W+/g, "-")}-${width}-${options.colorScheme}.png` });
    assert.doesNotMatch(await page.innerText("body"), /\[object|undefined|NaN/, view);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${view} is wider than the window by ${wide} pixels`);
    assert.deepEqual(await scrollBars(page), [], view);
    if (checked) assert.deepEqual(await violations(page), [], view);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** What scrolls within something that scrolls, and what scrolls sideways. A text field may: its text is the user's. */
export async function scrollBars(page) {
  return page.evaluate(() => {
    const page = document.scrollingElement;
    const scrolls = (at) => at.scrollHeight > at.clientHeight + 1
      && (at === page || ["auto", "scroll"].includes(getComputedStyle(at).overflowY));
    const sideways = (at) => at.scrollWidth > at.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(at).overflowX);
    const within = (at) => [...ancestors(at)].some(scrolls);
    function* ancestors(at) {
      for (let above = at.parentElement; above; above = above.parentElement) if (above !== document.body) yield above;
    }
    return [...document.querySelectorAll("body *")].filter((at) => !["TEXTAREA", "SELECT", "OPTION"].includes(at.tagName))
      .filter((at) => sideways(at) || (scrolls(at) && within(at))).map((at) => `${at.tagName} ${at.className} ${at.textContent.slice(0, 40)}`);
  });
}

/** Brings the checker into a page. The page's own policy lets no foreign script in, so it is handed over as a text. */
export async function checkable(page) {
  await page.evaluate(`(() => { ${readFileSync(axe, "utf8")} })()`);
}

/** What the checker finds that keeps somebody out. */
export async function violations(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => SERIOUS.includes(impact));
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(", ")}`);
}

async function keyboard(browser, url) {
  const page = await open(browser, url, "functions");
  const reached = new Set();
  const next = async () => {
    await page.keyboard.press("Tab");
    return page.evaluate(() => {
      const { activeElement: at } = document;
      return at.labels?.[0]?.textContent ?? at.textContent.trim();
    });
  };
  for (let step = 0; step < 80; step++) reached.add(await next());
  for (const name of ["Skip to the content", "Functions", "Faults", "Method", "As", "Headers", "Send"]) {
    assert.ok(reached.has(name), `${name} is not reached: ${[...reached].join(" | ")}`);
  }
  while ((await next()) !== "Send");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "What the worker saw" }).waitFor();
  await page.context().close();
}

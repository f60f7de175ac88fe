// What pages of other sites try. Another port of this machine is another origin, and its pages can send requests here.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { open } from "./browser.mjs";

/** Another site, and another port under the console's own name, which browsers call the same site. */
const HOMES = ["127.0.0.1", "localhost"];

/** `queue` is one of the app's, `user` one of its users; `app` is where the app is, `tenant` whose tokens it takes. */
export function attacks(test, browser, url, { queue, user, app, tenant }) {
  for (const name of HOMES) {
    test(`a page of another origin on ${name} can neither read, mint nor act`, async () => {
      const { token, pid } = await known(browser(), url);
      const api = `${url}api/`;
      const tries = {
        page: [url, {}],
        read: [`${api}overview`, { headers: { "X-Emulator-Console": token } }],
        settings: [`${api}settings`, { headers: { "X-Emulator-Console": token } }],
        live: [`${api}live`, { headers: { "X-Emulator-Console": token } }],
        mint: [`${api}users/${user}/token`, json(token)],
        put: [`${api}queues/${queue}/messages`, json(token, '{"text":"x"}')],
        kill: [`${api}worker/kill`, json(token)],
        export: [`${url}otlp/v1/traces`, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }],
        issuer: [`${app}/_emulator/issuer/${tenant}/discovery/v2.0/keys`, {}],
        admin: [`${app}/admin/host/status`, {}],
      };
      await from(browser(), name, async (evil) => {
        for (const [what, [target, options]] of Object.entries(tries)) {
          const seen = await evil.evaluate(([target, options]) => fetch(target, options).then(
            async (answer) => `read ${answer.status}: ${await answer.text()}`, () => "refused"), [target, options]);
          assert.equal(seen, "refused", what);
        }
      });
      assert.equal((await known(browser(), url)).pid, pid, "the worker lives");
    });

    test(`what a page on ${name} sends without asking is answered with 403`, async () => {
      const { pid } = await known(browser(), url);
      await from(browser(), name, async (evil, home) => {
        const start = "admin/functions/Anything";
        for (const target of [url, `${url}api/worker/kill`, `${url}otlp/v1/traces`, `${app}/${start}`, `${app}//${start}`]) {
          const read = await evil.evaluate((target) =>
            fetch(target, { method: "POST", mode: "no-cors", body: "{}" }).then(() => true, () => false), target);
          assert.equal(read, false, `fetch ${target}`);
          assert.equal(await sent(evil, target, (target) => {
            const form = document.createElement("form");
            Object.assign(form, { method: "post", action: target, enctype: "text/plain" });
            document.body.append(form);
            form.submit();
          }), 403, `form ${target}`);
          await evil.waitForURL(target);
          await evil.goto(home);
        }
      });
      assert.equal((await known(browser(), url)).pid, pid, "the worker lives");
    });

    test(`a page on ${name} can neither frame the console nor lead into it`, () =>
      from(browser(), name, async (evil) => {
        assert.equal(await sent(evil, url, (url) => {
          const frame = document.createElement("iframe");
          frame.src = url;
          document.body.append(frame);
        }), 403);
        assert.equal(await sent(evil, url, (url) => { location.href = url; }), 403);
        // A page that is all text may stay unpainted in a headless browser.
        await evil.getByText("another site").waitFor({ state: "attached" });
      }));
  }

  test("a rebound name gets nothing", async () => {
    const context = await browser().newContext();
    const page = await context.newPage();
    // Every name below localhost is this machine in a browser, and none that the host answers to.
    const answer = await page.goto(url.replace("localhost", "rebound.localhost"));
    assert.equal(answer.status(), 403);
    const read = await page.evaluate(() => fetch("/_emulator/api/overview").then((answer) => answer.status));
    assert.equal(read, 403);
    await context.close();
  });

  test("the page takes no script but its own, and nothing without its token", async () => {
    const page = await open(browser(), url, "functions");
    const seen = await page.evaluate(async () => {
      const script = document.createElement("script");
      const blocked = new Promise((resolve) => addEventListener("securitypolicyviolation", resolve, { once: true }));
      try {
        script.textContent = "globalThis.injected = true";
      } catch {
        // Refused even as a text: the page makes no scripts.
      }
      document.body.append(script);
      await blocked;
      return { injected: "injected" in globalThis, status: (await fetch("/_emulator/api/overview")).status };
    });
    assert.deepEqual(seen, { injected: false, status: 401 });
    await page.context().close();
  });
}

const json = (token, body = "{}") => ({
  method: "POST", body, headers: { "Content-Type": "application/json", "X-Emulator-Console": token },
});

/** Attacks from a page of another origin. It knows even the token, which no such page can. */
async function from(browser, name, attack) {
  const server = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<title>evil</title>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const home = `http://${name}:${server.address().port}/`;
    await page.goto(home);
    await attack(page, home);
  } finally {
    await context.close();
    server.close();
  }
}

/** The status of what an attack sends to a target. */
async function sent(page, target, attack) {
  const answered = page.waitForEvent("response", (answer) => answer.url() === target);
  await page.evaluate(attack, target);
  return (await answered).status();
}

/** What only the console's own page can know: its token, and the worker's process. */
async function known(browser, url) {
  const page = await open(browser, url, "functions");
  const known = await page.evaluate(async () => {
    const { request } = await import("/_emulator/client.js");
    const { worker } = await request("GET", "overview");
    return { token: document.querySelector("meta[name=console-token]").content, pid: worker.pid };
  });
  await page.context().close();
  return known;
}

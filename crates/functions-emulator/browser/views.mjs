// What each view does beside showing: lines of the log are filtered, settings keep their secrets, calls are copied and
// compared, messages are searched.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { curl } from "../console/curl.js";
import { diff } from "../console/diff.js";
import { asked, call, done, go, open } from "./browser.mjs";

const run = promisify(execFile);

/** The app is the Node handler of tests/apps, with sign-in for the users that are built in. */
export function views(test, browser, url) {
  test("lines of worker and host are filtered by level, source and text, and link to their calls", async () => {
    const page = await open(browser(), url, "logs");
    const lines = page.locator(".log > li");
    await lines.filter({ hasText: "worker ready after" }).first().waitFor();
    await page.getByText("More filters").click();
    await page.getByLabel("From").selectOption("worker");
    await lines.filter({ hasText: "worker ready after" }).first().waitFor({ state: "detached" });
    await page.getByLabel("From").selectOption("host");
    await page.getByLabel("At least").selectOption("error");
    await page.getByText("No line is like that.").or(lines.first()).waitFor();
    assert.equal(await lines.filter({ hasText: "worker ready after" }).count(), 0);
    await page.getByLabel("At least").selectOption("");
    await page.getByLabel("Search lines").fill("READY after");
    await lines.filter({ hasText: "worker ready after" }).first().waitFor();
    assert.match(page.url(), /#\/logs\?source=host&text=READY\+after$/);
    await done(page);
  });

  test("a line that is printed appears at once", async () => {
    const page = await open(browser(), url, "logs");
    await asked(page, "POST", "queues/test-input/messages", { text: '"seen in the log"' });
    await page.locator(".log > li").filter({ hasText: "seen in the log" }).first().waitFor();
    await done(page);
  });

  test("settings say where they come from, and show no value that is not known to be harmless", async () => {
    const page = await open(browser(), url, "settings");
    const groups = page.locator("details.settings");
    assert.equal(await groups.count(), 4);
    for (const summary of await groups.locator("summary").all()) {
      if (!(await summary.evaluate((at) => at.parentElement.open))) await summary.click();
    }
    const path = page.locator("dl > div").filter({ has: page.getByText("PATH", { exact: true }) });
    await path.getByText("not shown").waitFor();
    await path.getByText("· from shell").waitFor();
    assert.equal((await page.innerText("main")).includes(process.env.PATH), false);
    await page.getByText("FUNCTIONS_CUSTOMHANDLER_PORT").waitFor();
    await page.getByLabel("Search names").fill("custom host");
    await page.getByText("PATH", { exact: true }).waitFor({ state: "detached" });
    await page.getByText("FUNCTIONS_CUSTOMHANDLER_PORT").waitFor();
    await done(page);
  });

  test("a call that is copied as curl gives the same answer in a shell, as the same user", async () => {
    const page = await open(browser(), url, "functions", { permissions: ["clipboard-read", "clipboard-write"] });
    const { status, body } = await call(page, "SimpleHttpTrigger", { as: "user", query: "name=it's%20you" });
    assert.equal(status, 200);
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("as a line for a shell").waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(command, /authorization: Bearer ey/i);
    const { stdout } = await run("sh", ["-c", command]);
    assert.match(stdout, /^HTTP\/1\.1 200 /);
    assert.equal(stdout.split("\r\n\r\n").at(-1), body);
    await done(page);
  });

  test("whatever a request holds, its curl sends the same bytes", async () => {
    const seen = [];
    const server = createServer(async (request, answer) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      seen.push({ request, body: Buffer.concat(pieces) });
      answer.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = `http://127.0.0.1:${server.address().port}`;
    const hostile = "it's \"$(touch /tmp/x)\" `id` \\ !! \n@file %s {a,b} [1-3] ü";
    const bytes = Buffer.from([0, 255, 39, 10]);
    for (const [head, headers, body] of [
      ["POST /a/../b?c=[1-3]&d={x,y}&e='f'", [["x-hostile", "it's \"$(id)\" `id` \\"], ["x-empty", ""]], { text: hostile, length: 1 }],
      ["PUT /bytes", [["content-type", "application/octet-stream"]], { text: null, base64: bytes.toString("base64"), length: 4 }],
      ["PATCH /zero", [["content-type", "text/plain"]], { text: "a\0b", length: 3 }],
      ["POST /lines", [["content-type", "text/plain"]], { text: "a\r\nb\u001b[201~\u0003", length: 12 }],
      ["GET /plain", [["accept", "application/json"], ["host", "elsewhere"], ["content-length", "9"]], { text: "", length: 0 }],
      ["HEAD /head", [], null],
    ]) {
      const command = curl({ head, headers, body }, target);
      assert.doesNotMatch(command, /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
      await run("sh", ["-c", command]);
      const { request, body: got } = seen.pop();
      assert.equal(`${request.method} ${request.url}`, head);
      for (const [name, value] of headers.filter(([name]) => !["host", "content-length"].includes(name))) {
        assert.equal(request.headers[name], value, name);
      }
      assert.equal(request.headers["content-type"], headers.find(([name]) => name === "content-type")?.[1]);
      assert.deepEqual(got, body?.text ? Buffer.from(body.text) : body?.base64 ? bytes : Buffer.alloc(0));
    }
    assert.equal(curl({ head: "GET /", headers: [], body: { note: "cut" } }, target), null);
    server.close();
  });

  test("two calls are kept and compared", async () => {
    assert.deepEqual(diff("a\nb\nc\nd", "a\nc\ne\nd"), [["=", "a"], ["-", "b"], ["=", "c"], ["+", "e"], ["=", "d"]]);
    const page = await open(browser(), url, "functions");
    const first = await call(page, "SimpleHttpTrigger", { as: "user", query: "name=one" });
    await page.getByRole("button", { name: "Keep to compare" }).click();
    await page.getByText(`Call ${first.number} is kept`).waitFor();
    await page.getByLabel("Query").fill("name=two");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("link", { name: `Compare with call ${first.number}` }).click();
    const shown = page.getByRole("region", { name: new RegExp(`^Call ${first.number} compared with call \\d+$`) });
    const body = shown.getByRole("group", { name: "Answer: body" });
    assert.equal((await body.locator("del").innerText()).trim(), "- Hello, one");
    assert.equal((await body.locator("ins").innerText()).trim(), "+ Hello, two");
    await shown.getByText("The same.").first().waitFor();
    await shown.getByRole("link", { name: "Stop comparing" }).click();
    await page.getByRole("region", { name: /^Call \d+$/ }).waitFor();
    await done(page);
  });

  test("messages are decoded and searched, and a put says its encoding", async () => {
    const page = await open(browser(), url, "queues");
    for (const text of ["apples", "pears"]) {
      await asked(page, "POST", "queues/kept-apart/messages", { text, delaySeconds: 600 });
    }
    const queue = page.getByRole("article", { name: "Queue kept-apart", exact: true });
    await queue.getByText("0 visible, 2 hidden").waitFor();
    await queue.getByText("Decoded from Base64").first().waitFor();
    await page.getByLabel("Search messages").fill("pear");
    await queue.getByText("1 of 2 messages").waitFor();
    assert.deepEqual(await queue.getByRole("group", { name: "Text" }).allInnerTexts(), ["pears"]);
    await queue.getByText("Decoded from Base64").click();
    await queue.getByRole("group", { name: "As it is stored" }).getByText("cGVhcnM=").waitFor();
    await page.getByLabel("Search messages").fill("");
    await queue.getByText("Put a message").click();
    await queue.getByText("put as Base64, as host.json says").waitFor();
    await queue.getByRole("button", { name: "Purge" }).click();
    await queue.getByText("0 visible, 0 hidden").waitFor();
    await go(page, "Calls");
    await done(page);
  });
}

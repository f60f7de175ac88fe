// An order's whole life, done in the console by four users, with the faults that it has to survive.

import assert from "node:assert/strict";
import { call, done, go, kill, open } from "../../../crates/functions-emulator/browser/browser.mjs";

const ORDER = { reference: "PO-17", currency: "EUR", lines: [{ sku: "ESPRESSO-1KG", quantity: 2 }] };

export function walk(test, browser, url) {
  test("an order is placed, refused to a neighbour, processed by a clerk and fulfilled", async () => {
    const page = await open(browser(), url, "functions");
    const id = await place(page);
    assert.equal((await call(page, "GetOrder", { as: "neighbour", id })).status, 404);
    assert.equal((await call(page, "GetOrder", { as: "", id })).status, 401);
    assert.equal((await call(page, "ProcessOrder", { as: "buyer", id })).status, 403);
    assert.equal((await call(page, "ProcessOrder", { as: "clerk", id })).status, 202);
    await until(page, id, "fulfilled");
    await done(page);
  });

  test("every mode gives the same order, and shows what the worker saw of the call", async () => {
    const page = await open(browser(), url, "functions");
    const id = await place(page);
    for (const mode of ["proxied", "forwarded", "enveloped"]) {
      const { status, body } = await call(page, "GetOrder", { as: "buyer", id, mode });
      assert.equal(status, 200, mode);
      assert.equal(JSON.parse(body).id, id);
      const seen = await page.getByRole("group", { name: "What the worker saw: body" }).count();
      assert.equal(seen, mode === "enveloped" ? 1 : 0, mode);
      await page.getByText("Trace", { exact: true }).waitFor();
      await page.getByRole("group", { name: "Logs" }).waitFor();
    }
    await done(page);
  });

  test("a message that the host gives up is a dead letter, and its replay fulfils the order", async () => {
    const page = await open(browser(), url, "faults");
    const card = page.getByRole("article", { name: "The next message" });
    await card.getByLabel("Queue", { exact: true }).selectOption("orders-fulfilment");
    await card.getByLabel("Fault", { exact: true }).selectOption("poisoned");
    await card.getByRole("button").click();
    await page.getByText("goes to the poison queue.").waitFor();
    await go(page, "Functions");
    const id = await place(page);
    assert.equal((await call(page, "ProcessOrder", { as: "clerk", id })).status, 202);
    await until(page, id, "failed");
    const letters = JSON.parse((await call(page, "ListDeadLetters", { as: "admin" })).body).items;
    const letter = letters.find(({ orderId }) => orderId === id);
    assert.equal((await call(page, "ReplayDeadLetter", { as: "admin", id: letter.id })).status, 202);
    await go(page, "Timers");
    await page.getByRole("article", { name: "RelayOutbox" }).getByRole("button", { name: "Run now" }).click();
    await page.getByText("RelayOutbox has run.").waitFor();
    await go(page, "Functions");
    await until(page, id, "fulfilled");
    await done(page);
  });

  test("a message is put, seen and purged, and storage becomes unavailable and comes back", async () => {
    const page = await open(browser(), url, "faults");
    const unavailable = page.getByLabel("Storage is unavailable");
    await go(page, "Queues");
    const queue = page.getByRole("article", { name: "Queue orders-incoming", exact: true });
    await queue.getByText("Put a message").click();
    await queue.getByLabel("Visible after").fill("600");
    await queue.getByLabel("Message").fill("no order");
    await queue.getByRole("button", { name: "Put the message" }).click();
    await queue.getByText("0 visible, 1 hidden").waitFor();
    await queue.getByText("0 deliveries").waitFor();
    assert.equal(await queue.getByRole("group", { name: "Text" }).innerText(), "no order");
    await queue.getByRole("button", { name: "Purge" }).click();
    await queue.getByText("0 visible, 0 hidden").waitFor();
    await go(page, "Faults");
    await unavailable.check();
    await page.getByText("The queues do not answer now.").waitFor();
    await unavailable.uncheck();
    await page.getByText("The queues answer again.").waitFor();
    await done(page);
  });

  test("a worker that is killed is started again, and a call that waits for it is answered", async () => {
    const page = await open(browser(), url, "faults");
    await kill(page);
    await go(page, "Functions");
    assert.equal((await call(page, "Health", { as: "" })).status, 200);
    await done(page);
  });

  test("late and lost answers are late and lost until they are switched back", async () => {
    const page = await open(browser(), url, "faults");
    const id = await during(page, "delayed", async () => {
      const begun = Date.now();
      const { status, body } = await call(page, "CreateOrder", { as: "buyer", body: ORDER });
      assert.equal(status, 201);
      assert.ok(Date.now() - begun >= 300, "it was late");
      return JSON.parse(body).id;
    });
    await during(page, "dropped", async () => {
      assert.equal((await call(page, "CancelOrder", { as: "buyer", id, body: {} })).status, 500);
      await page.getByText("lost in transit").first().waitFor();
    });
    assert.equal(JSON.parse((await call(page, "GetOrder", { as: "buyer", id })).body).status, "cancelled");
    await done(page);
  });

  test("calls appear as they happen, with logs and trace, and one is repeated", async () => {
    const page = await open(browser(), url, "calls");
    const other = await open(browser(), url, "functions");
    const { number, body } = await call(other, "CreateOrder", { as: "buyer", body: ORDER });
    const { id } = JSON.parse(body);
    const listed = page.locator(`[href="#/calls/${number}"]`);
    await listed.getByText("201").waitFor();
    await listed.getByText("trace").waitFor();
    await listed.click();
    const shown = page.getByRole("region", { name: `Call ${number}`, exact: true });
    await shown.getByText("buyer", { exact: true }).waitFor();
    assert.match(await shown.getByRole("group", { name: "Answer: body" }).innerText(), new RegExp(id));
    const before = page.url();
    await shown.getByRole("button", { name: "Replay" }).click();
    await page.waitForURL((now) => now.href !== before);
    const repeated = page.getByRole("region", { name: `Call ${page.url().split("/").pop()}`, exact: true });
    await repeated.getByText("201").first().waitFor();
    assert.doesNotMatch(await repeated.getByRole("group", { name: "Answer: body" }).innerText(), new RegExp(id));
    await done(other);
    await done(page);
  });

  test("the app's description is read as one of the users, and tried", async () => {
    const page = await open(browser(), url, "api");
    await page.getByLabel("Read as").selectOption("");
    await page.getByText("choose a user above").waitFor();
    await page.getByLabel("Read as").selectOption("buyer");
    const operation = page.getByRole("group").filter({ has: page.getByText("/api/products", { exact: true }) }).first();
    await operation.locator("summary").click();
    await operation.getByRole("button", { name: "Send" }).click();
    await operation.getByText("ESPRESSO-1KG").first().waitFor();
    await done(page);
  });

  test("a function's form offers examples of the app's description", async () => {
    const page = await open(browser(), url, "functions/CreateOrder");
    await page.getByLabel("As", { exact: true }).selectOption("buyer");
    await page.getByLabel("Example", { exact: true }).selectOption({ index: 1 });
    const body = JSON.parse(await page.getByLabel("Body", { exact: true }).inputValue());
    assert.ok(body.lines.length > 0, JSON.stringify(body));
    assert.match(await page.getByLabel("Headers", { exact: true }).inputValue(), /^Content-Type: application\/json/);
    await done(page);
  });

  test("a user's token is copied", async () => {
    const page = await open(browser(), url, "users", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("article", { name: "clerk" }).getByRole("button", { name: "Copy token" }).click();
    await page.getByText("A token for clerk is in the clipboard.").waitFor();
    const token = await page.evaluate(() => navigator.clipboard.readText());
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
    assert.deepEqual(claims.roles, ["OrderProcessor"]);
    await done(page);
  });
}

/** Places an order as the buyer; its id. */
export async function place(page) {
  const { status, body } = await call(page, "CreateOrder", { as: "buyer", body: ORDER });
  assert.equal(status, 201, body);
  return JSON.parse(body).id;
}

/** Looks at an order until it has this status. */
export async function until(page, id, status) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { body } = await call(page, "GetOrder", { as: "buyer", id });
    const now = JSON.parse(body).status;
    if (now === status) return;
    assert.ok(Date.now() < deadline, `the order is ${now} and not ${status}`);
  }
}

/** Does something while answers are disturbed. */
async function during(page, kind, act) {
  const turn = async (to) => {
    await go(page, "Faults");
    const card = page.getByRole("article", { name: "Responses" });
    await card.getByLabel("Responses are").selectOption(to);
    if (to === "delayed") await card.getByLabel("Delay (ms)").fill("300");
    await card.getByRole("button", { name: "Apply" }).click();
    await card.getByRole("button", { name: "Apply", disabled: false }).waitFor();
    await go(page, "Functions");
  };
  await turn(kind);
  const made = await act();
  await turn("none");
  return made;
}

// The console on somebody's app: the Node handler of tests/apps, in front of it sign-in with the users that are built in.

import assert from "node:assert/strict";
import { call, done, go, kill, open } from "./browser.mjs";

export function anyone(test, browser, url) {
  test("somebody's function is called by one of the users, and anonymously", async () => {
    const page = await open(browser(), url, "functions");
    const greeted = await call(page, "SimpleHttpTrigger", { as: "user", query: "name=you" });
    assert.deepEqual([greeted.status, greeted.body], [200, "Hello, you"]);
    await page.getByRole("region", { name: /^Call / }).getByText("user", { exact: true }).waitFor();
    assert.equal((await call(page, "SimpleHttpTrigger", { as: "", query: "name=you" })).status, 401);
    await done(page);
  });

  test("a message is put and seen consumed", async () => {
    const page = await open(browser(), url, "queues");
    const queue = page.getByRole("article", { name: "Queue test-input", exact: true });
    await queue.getByText("read by QueueTrigger").waitFor();
    await queue.getByText("Put a message").click();
    await queue.getByLabel("Message").fill('"put by hand"');
    await queue.getByRole("button", { name: "Put the message" }).click();
    await page.getByText("A message was put into test-input.").waitFor();
    await queue.getByText("0 visible, 0 hidden").waitFor();
    await happened(page, "QueueTrigger", 'queue: "put by hand"');
    await done(page);
  });

  test("a message that was given up is requeued out of the poison queue, and consumed", async () => {
    const page = await open(browser(), url, "faults");
    const card = page.getByRole("article", { name: "The next message" });
    await card.getByLabel("Queue", { exact: true }).selectOption("test-input");
    await card.getByLabel("Fault", { exact: true }).selectOption("poisoned");
    await card.getByRole("button").click();
    await page.getByText("goes to the poison queue.").waitFor();
    await go(page, "Queues");
    const queue = page.getByRole("article", { name: "Queue test-input", exact: true });
    await queue.getByText("Put a message").click();
    await queue.getByLabel("Message").fill('"sent back"');
    await queue.getByRole("button", { name: "Put the message" }).click();
    const poison = page.getByRole("article", { name: "Queue test-input-poison", exact: true });
    await poison.getByText("1 visible, 0 hidden").waitFor();
    await poison.getByText("poison queue, no function reads it").waitFor();
    assert.equal(await poison.getByRole("group", { name: "Text" }).innerText(), '"sent back"');
    await poison.getByRole("button", { name: "Requeue" }).click();
    await page.getByText("The message went to test-input.").waitFor();
    await poison.getByText("0 visible, 0 hidden").waitFor();
    await queue.getByText("0 visible, 0 hidden").waitFor();
    await happened(page, "QueueTrigger", 'queue: "sent back"', 2);
    await done(page);
  });

  test("a timer is run now", async () => {
    const page = await open(browser(), url, "timers");
    const timer = page.getByRole("article", { name: "TimerTrigger" });
    await timer.getByText("never").waitFor();
    await timer.getByRole("button", { name: "Run now" }).click();
    await page.getByText("TimerTrigger has run.").waitFor();
    await timer.getByText("never").waitFor({ state: "detached" });
    await happened(page, "TimerTrigger", "timer: false");
    await done(page);
  });

  test("a worker that is killed is followed by one that answers", async () => {
    const page = await open(browser(), url, "faults");
    await kill(page);
    await go(page, "Functions");
    const answer = await call(page, "SimpleHttpTrigger", { as: "other-user", query: "name=again" });
    assert.deepEqual([answer.status, answer.body], [200, "Hello, again"]);
    await done(page);
  });
}

/** So many calls of a function stand in the list, and with the last one what the handler logged. */
async function happened(page, name, logged, times = 1) {
  await go(page, "Calls");
  const calls = page.getByRole("list").getByRole("link", { name });
  await calls.nth(times - 1).waitFor();
  await calls.first().click();
  const shown = page.getByRole("region", { name: /^Call \d+$/ });
  await shown.getByRole("group", { name: "Logs" }).getByText(logged).waitFor();
  await shown.getByText("200").first().waitFor();
}

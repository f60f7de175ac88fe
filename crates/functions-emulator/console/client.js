// The console's client of the emulator's API.

const token = document.querySelector("meta[name=console-token]").content;
const API = "/_emulator/api/";
const headers = { "X-Emulator-Console": token };

/** Sends a request; a response that is not a success becomes an error with the emulator's message. */
export async function request(method, path, body) {
  const init = { method, headers: { ...headers }, cache: "no-store" };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(API + path, init);
  } catch {
    throw new Error("The host does not answer: start it again, then reload this page.");
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(document.error ?? `The host answered ${answer.status}.`);
  return document;
}

/** One part of a path. */
export const part = encodeURIComponent;

/** Tells every event, and after each interruption that something may have been missed. */
export async function listen(onEvent) {
  for (;;) {
    try {
      const answer = await fetch(`${API}live`, { headers, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      await read(answer.body.pipeThrough(new TextDecoderStream()), onEvent);
    } catch {
      // The host has gone; what follows says so and tries again.
    }
    onEvent({ kind: "gone" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function read(stream, onEvent) {
  const reader = stream.getReader();
  let rest = "";
  for (;;) {
    // Safari cannot iterate over a stream.
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) onEvent(JSON.parse(event.slice(6)));
    }
  }
}

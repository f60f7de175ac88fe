// What the page and the host say to each other.

const token = document.querySelector("meta[name=console-token]").content;
const API = "/_local/api/";
const headers = { "X-Local-Console": token };

/** Asks the host; an answer that is no success becomes an error with the host's own sentence. */
export async function ask(method, path, body) {
  const request = { method, headers: { ...headers }, cache: "no-store" };
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(API + path, request);
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
export async function listen(tell) {
  for (;;) {
    try {
      const answer = await fetch(`${API}live`, { headers, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      await read(answer.body.pipeThrough(new TextDecoderStream()), tell);
    } catch {
      // The host has gone; what follows says so and tries again.
    }
    tell({ kind: "gone" });
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function read(stream, tell) {
  let rest = "";
  for await (const piece of stream) {
    const events = (rest + piece).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (event.startsWith("data: ")) tell(JSON.parse(event.slice(6)));
    }
  }
}

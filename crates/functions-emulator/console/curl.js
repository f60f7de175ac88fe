// A call as a line for a shell.

/** Headers that curl writes itself, or that belong to the connection. */
const OWN = ["host", "content-length", "connection", "transfer-encoding", "expect"];

/** Headers that curl adds unless it is told not to. */
const ADDED = ["accept", "user-agent"];

/**
 * The command that sends a recorded request to a URL without a slash at its end; null where its body was cut. `headers`
 * take the place of those of the same name.
 */
export function curl({ head, headers, body }, url, replaced = []) {
  if (body?.note) return null;
  const [method, path] = split(head);
  const names = new Set(replaced.map(([name]) => name.toLowerCase()));
  const sent = [...headers.filter(([name]) => !OWN.includes(name) && !names.has(name)), ...replaced];
  const has = (name) => sent.some(([other]) => other.toLowerCase() === name);
  const content = data(body);
  const left = [...ADDED, ...(content ? ["content-type"] : [])].filter((name) => !has(name));
  return [
    `${content?.before ?? ""}curl --silent --show-error --include --globoff --path-as-is`,
    method === "HEAD" ? "--head" : `--request ${quoted(method)}`,
    quoted(url + path),
    ...sent.map(([name, value]) => `--header ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`),
    ...left.map((name) => `--header ${quoted(`${name}:`)}`),
    ...(content ? [content.option] : []),
  ].join(" \\\n  ");
}

/** A text as one word of a POSIX shell. */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function split(head) {
  const at = head.indexOf(" ");
  return [head.slice(0, at), head.slice(at + 1)];
}

/** What a terminal would take for itself, or change, when it is pasted. */
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** How the body is handed over: as a word, or through a pipe where no word can hold it. */
function data(body) {
  if (!body?.length) return null;
  if (body.text !== null && !CONTROL.test(body.text)) return { option: `--data-raw ${quoted(body.text)}` };
  const base64 = body.base64 ?? btoa(String.fromCharCode(...new TextEncoder().encode(body.text)));
  return { before: `printf %s ${base64} | base64 -d | `, option: "--data-binary @-" };
}

// One line of a log, for reading.

/** A JSON line begins with what users look for; its level may stand elsewhere. */
export function readable(line, withLevel = true) {
  try {
    const { level, message, timestamp, ...rest } = JSON.parse(line);
    if (!message) return line;
    const more = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    return `${withLevel ? level ?? "" : ""} ${message}  ${more.join(" ")}`.trim();
  } catch {
    return line;
  }
}

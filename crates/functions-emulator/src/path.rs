//! Paths and queries as they change on their way through the host.

// The host: docs/reference/host-protocol.md#paths-and-queries.

use std::fmt::Write as _;

/// The path as Kestrel gives it to the host: decoded except for `%2F` and what is not UTF-8, `.` and `..`
/// resolved. None where Kestrel answers 400.
pub(crate) fn decode(raw: &str) -> Option<String> {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let run = escaped_run(&bytes[at..]);
        if run.is_empty() {
            out.push(bytes[at]);
            at += 1;
        } else {
            push_decoded(&mut out, &run, &bytes[at..at + 3 * run.len()]);
            at += 3 * run.len();
        }
    }
    let decoded = String::from_utf8(out).ok()?;
    (decoded.starts_with('/') && !decoded.contains('\0')).then(|| resolve_dots(&decoded))
}

/// The bytes that consecutive `%XX` stand for.
fn escaped_run(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(3).map_while(escaped).collect()
}

fn escaped(chunk: &[u8]) -> Option<u8> {
    let [b'%', high, low] = chunk else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn push_decoded(out: &mut Vec<u8>, run: &[u8], raw: &[u8]) {
    let mut at = 0;
    for chunk in run.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            if byte == b'/' {
                out.extend(&raw[3 * at..3 * at + 3]);
            } else {
                out.push(byte);
            }
            at += 1;
        }
        let invalid = chunk.invalid().len();
        out.extend(&raw[3 * at..3 * (at + invalid)]);
        at += invalid;
    }
}

fn resolve_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in path[1..].split('/') {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    if ends_open {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

/// The path in forward mode: what .NET's `Uri` makes of the decoded one. An encoded `?` or `#` cuts it.
pub(crate) fn forwarded(decoded: &str) -> String {
    let cut = decoded.find(['?', '#']).unwrap_or(decoded.len());
    resolve_dots(&uri_escape(&decoded[..cut].replace('\\', "/")))
}

/// The path in proxy mode: the decoded one escaped anew, every `%` included.
pub(crate) fn proxied(decoded: &str) -> String {
    escape(decoded, is_path_char)
}

/// The path in an envelope's `Url`: the decoded one escaped anew, `%XX` kept.
pub(crate) fn displayed(decoded: &str) -> String {
    escape_but_keep_escaped(decoded, is_path_char)
}

/// What .NET's `Uri` makes of a query: `%XX` kept except of unreserved characters, the rest escaped.
pub(crate) fn uri_escape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, behind) = rest.split_at(at);
        unescaped.push_str(before);
        let byte = behind.as_bytes().get(..3).and_then(escaped);
        if let Some(char) = byte.map(char::from).filter(|char| is_unreserved(*char)) {
            unescaped.push(char);
            rest = &behind[3..];
        } else {
            unescaped.push('%');
            rest = &behind[1..];
        }
    }
    unescaped.push_str(rest);
    escape_but_keep_escaped(&unescaped, |char| is_unreserved(char) || ":/?#[]@!$&'()*+,;=".contains(char))
}

/// What .NET's default `UrlEncoder` makes of a query's name or value.
pub(crate) fn query_escape(text: &str) -> String {
    escape(text, |char| is_unreserved(char) || "!$()*,;@".contains(char))
}

fn is_unreserved(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-._~".contains(char)
}

fn is_path_char(char: char) -> bool {
    is_unreserved(char) || "!$&'()*+,;=:@/".contains(char)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if keep(char) {
            out.push(char);
        } else {
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                write!(out, "%{byte:02X}").expect("a String takes every write");
            }
        }
    }
    out
}

fn escape_but_keep_escaped(text: &str, keep: impl Fn(char) -> bool + Copy) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&escape(&rest[..at], keep));
        if let Some(chunk) = rest.get(at..at + 3).filter(|chunk| escaped(chunk.as_bytes()).is_some()) {
            out.push_str(chunk);
            rest = &rest[at + 3..];
        } else {
            out.push_str("%25");
            rest = &rest[at + 1..];
        }
    }
    out.push_str(&escape(rest, keep));
    out
}

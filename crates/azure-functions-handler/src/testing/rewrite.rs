//! Paths, queries and headers as the Functions host changes them on their way.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{frame, mode::InvocationMode};

const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const SUB_DELIMS: &str = "!$&'()*+,;=";

/// Headers of a body that a forwarded request loses.
const DROPPED_HEADERS: [HeaderName; 6] = [
    header::ALLOW,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_DISPOSITION,
];

/// The path as the host matches it with routes: decoded but for `%2F` and what is no UTF-8, without `.` and `..`.
/// `None` if the host answers 400 to the path.
pub(super) fn decoded(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while !rest.is_empty() {
        let run = rest.as_bytes().chunks(3).take_while(|chunk| is_escaped(chunk)).count() * 3;
        let plain = rest[run..].find('%').map_or(rest.len(), |at| run + at.max(usize::from(run == 0)));
        push_decoded(&mut out, &rest[..run]);
        out.push_str(&rest[run..plain]);
        rest = &rest[plain..];
    }
    (out.starts_with('/') && !out.contains('\0')).then(|| remove_dot_segments(&out))
}

/// Decodes consecutive `%XX`.
fn push_decoded(out: &mut String, run: &str) {
    let bytes: Vec<u8> = percent_decode_str(run).collect();
    let mut at = 0;
    let mut push = |out: &mut String, length: usize, text: Option<&str>| {
        out.push_str(text.unwrap_or(&run[3 * at..3 * (at + length)]));
        at += length;
    };
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            let text = char.to_string();
            push(out, char.len_utf8(), (char != '/').then_some(&text));
        }
        push(out, chunk.invalid().len(), None);
    }
}

fn is_escaped(chunk: &[u8]) -> bool {
    matches!(chunk, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

fn remove_dot_segments(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/').skip(1) {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    if ends_open {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}

/// The URL that the host calls, from the decoded path.
pub(super) fn target(mode: InvocationMode, decoded: &str, query: Option<&str>) -> Option<Uri> {
    let text = match mode {
        InvocationMode::Envelope => {
            let query = query.filter(|query| !query.is_empty()).map(|query| format!("?{query}"));
            escape_except(decoded, path_set()) + &query.unwrap_or_default()
        }
        InvocationMode::Forward => {
            let cut = decoded.find(['?', '#']).unwrap_or(decoded.len());
            let path = remove_dot_segments(&escape_as_uri(&decoded[..cut].replace('\\', "/")));
            path + &rebuilt(query.unwrap_or_default())
        }
        InvocationMode::Proxy => {
            proxied(decoded) + &query.map(|query| format!("?{}", escape_as_uri(query))).unwrap_or_default()
        }
    };
    text.parse().ok()
}

/// The path of a proxied request: each segment is encoded anew.
pub(super) fn proxied(decoded: &str) -> String {
    utf8_percent_encode(decoded, path_set()).to_string()
}

/// The query of a forwarded request: values of one name, compared ignoring case, joined by commas.
fn rebuilt(query: &str) -> String {
    static SET: AsciiSet = UNRESERVED
        .remove(b'!')
        .remove(b'$')
        .remove(b'(')
        .remove(b')')
        .remove(b'*')
        .remove(b',')
        .remove(b';')
        .remove(b'@');
    let escaped = |text: &str| utf8_percent_encode(text, &SET).to_string();
    let pairs = frame::joined_query(query);
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// A text as .NET's `Uri` writes it: `%XX` stays but for unreserved characters, the rest is encoded.
fn escape_as_uri(text: &str) -> String {
    static SET: AsciiSet = {
        let set = UNRESERVED
            .remove(b':')
            .remove(b'/')
            .remove(b'?')
            .remove(b'#')
            .remove(b'[')
            .remove(b']')
            .remove(b'@');
        without_sub_delims(set)
    };
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        unescaped.push_str(&rest[..at]);
        let one = rest.get(at..at + 3).filter(|one| is_escaped(one.as_bytes()));
        let char = one.and_then(|one| percent_decode_str(one).next()).map(char::from);
        let unreserved = char.filter(|char| char.is_ascii_alphanumeric() || "-._~".contains(*char));
        unescaped.push(unreserved.unwrap_or('%'));
        rest = &rest[at + unreserved.map_or(1, |_| 3)..];
    }
    unescaped.push_str(rest);
    escape_except(&unescaped, &SET)
}

/// Encodes what is not encoded yet.
fn escape_except(text: &str, set: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.extend(utf8_percent_encode(&rest[..at], set));
        let one = rest.get(at..at + 3).filter(|one| is_escaped(one.as_bytes()));
        out.push_str(one.unwrap_or("%25"));
        rest = &rest[at + one.map_or(1, str::len)..];
    }
    out.extend(utf8_percent_encode(rest, set));
    out
}

const fn without_sub_delims(mut set: AsciiSet) -> AsciiSet {
    let mut at = 0;
    while at < SUB_DELIMS.len() {
        set = set.remove(SUB_DELIMS.as_bytes()[at]);
        at += 1;
    }
    set
}

fn path_set() -> &'static AsciiSet {
    static SET: AsciiSet = without_sub_delims(UNRESERVED.remove(b':').remove(b'@').remove(b'/'));
    &SET
}

/// The headers of a request that is forwarded or proxied: each name once.
pub(super) fn headers(mode: InvocationMode, sent: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in sent.keys() {
        let gap: &[u8] = if *name == header::COOKIE { b"; " } else { b", " };
        let lines: Vec<&[u8]> = sent.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&lines.join(gap)) {
            headers.insert(name, value);
        }
    }
    if mode == InvocationMode::Forward {
        for name in &DROPPED_HEADERS {
            headers.remove(name);
        }
    }
    headers
}

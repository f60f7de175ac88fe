//! Kestrel's spelling of the header names that it knows.

use http::HeaderName;

/// The names whose capital letters are not simply the first of each word.
const UNUSUAL: [(&str, &str); 6] = [
    ("content-md5", "Content-MD5"),
    ("dnt", "DNT"),
    ("etag", "ETag"),
    ("te", "TE"),
    ("www-authenticate", "WWW-Authenticate"),
    ("x-ua-compatible", "X-UA-Compatible"),
];

/// Kestrel keeps these as the trace context standard spells them, and unknown names as they were sent, which
/// is not known here.
const LOWER: [&str; 5] = ["traceparent", "tracestate", "baggage", "grpc-accept-encoding", "grpc-timeout"];

/// The name as the worker sees it; workers must compare names ignoring case.
pub(super) fn spelt(name: &HeaderName) -> String {
    let name = name.as_str();
    if let Some((_, spelt)) = UNUSUAL.iter().find(|(unusual, _)| *unusual == name) {
        return (*spelt).to_owned();
    }
    if LOWER.contains(&name) || name.starts_with("x-") {
        return name.to_owned();
    }
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

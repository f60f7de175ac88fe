//! Header lines as the host hands them on.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use uuid::Uuid;

/// The version of the host whose behaviour is copied.
pub(crate) const HOST_VERSION: &str = "4.1037.0.0";

/// Carries the invocation's id.
pub(crate) const INVOCATION_ID: HeaderName = HeaderName::from_static("x-azure-functions-invocationid");
/// Carries the host's version.
pub(crate) const HOST_VERSION_NAME: HeaderName = HeaderName::from_static("x-azure-functions-hostversion");

/// The headers that every forwarded call and every envelope carries. The host appends them to the caller's values of
/// the same headers.
pub(crate) fn add_host_headers(headers: &mut HeaderMap, id: Uuid) {
    let own = format!("Azure-Functions-Host/{HOST_VERSION}");
    append(headers, HOST_VERSION_NAME, HOST_VERSION, ", ");
    append(headers, INVOCATION_ID, &id.to_string(), ", ");
    append(headers, header::USER_AGENT, &own, " ");
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: &str, glue: &str) {
    let before = headers.get(&name).and_then(|before| before.to_str().ok());
    let value = before.map_or_else(|| value.to_owned(), |before| format!("{before}{glue}{value}"));
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// A header that .NET will not send or accept because its value is not ASCII.
pub(crate) fn not_ascii(headers: &HeaderMap) -> Option<&HeaderName> {
    headers.iter().find(|(_, value)| !value.as_bytes().is_ascii()).map(|(name, _)| name)
}

/// The lines of each name as one: .NET's client joins them by a comma, cookies by a semicolon.
pub(crate) fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut out = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let glue: &[u8] = if name == header::COOKIE { b"; " } else { b", " };
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&lines.join(glue)) {
            out.insert(name, value);
        }
    }
    out
}

/// Whether a method is sent with `Content-Length: 0` when there is no body.
pub(crate) fn wants_length(method: &http::Method) -> bool {
    use http::Method;
    ![Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE, Method::CONNECT].contains(method)
}

/// The Content-Length that a message declares.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

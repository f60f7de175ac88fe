//! Rejects requests that only pretend to come from the host
//! (<https://github.com/Azure/azure-functions-host/issues/6251>).

use http::{
    HeaderMap,
    header::{CONTENT_TYPE, HOST, USER_AGENT},
    request::Parts,
};

use super::{headers::single_header, ids::INVOCATION_ID};

/// Headers that a front end sets, or that only a caller from outside has a reason to send.
const FRONT_END_HEADERS: [&str; 12] = [
    "authorization",
    "client-ip",
    "cookie",
    "disguised-host",
    "forwarded",
    "max-forwards",
    "via",
    "was-default-hostname",
    "x-client-ip",
    "x-client-port",
    "x-functions-key",
    "x-site-deployment-id",
];

/// The prefixes of such headers.
const FRONT_END_PREFIXES: [&str; 8] =
    ["x-appservice-", "x-arr-", "x-azure-", "x-fd-", "x-forwarded-", "x-ms-", "x-original-", "x-waws-"];

/// The prefix of the headers of the host itself.
const HOST_PREFIX: &str = "x-azure-functions-";
const HOST_VERSION: &str = "x-azure-functions-hostversion";

/// Whether a request looks like the host's own envelope call, and like nothing that passed a front end or was
/// forwarded by the host for somebody else. In forward mode a caller who forges `Host` and sends no `User-Agent`
/// still looks like the host: the first defence is that no route leads here. A host that forwards turns
/// `/api/..%5CTake` into `/Take` after its own routing, so under such a host this check is the only defence.
pub(crate) fn is_host_request(parts: &Parts, port: u16) -> bool {
    let headers = &parts.headers;
    parts.uri.query().is_none()
        && parts.uri.authority().is_none()
        && only(headers, HOST.as_str()) == Some(&format!("127.0.0.1:{port}"))
        && only(headers, CONTENT_TYPE.as_str()).is_some_and(is_json)
        && headers.keys().all(|name| !is_front_end_header(name.as_str()))
        && at_most_one(headers, USER_AGENT.as_str(), is_host_agent)
        && at_most_one(headers, INVOCATION_ID, |value| !value.contains(','))
        && at_most_one(headers, HOST_VERSION, |value| !value.contains(','))
}

fn is_front_end_header(name: &str) -> bool {
    FRONT_END_HEADERS.contains(&name)
        || (!name.starts_with(HOST_PREFIX)
            && FRONT_END_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

/// The value of a header that must be there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    single_header(headers, name).ok()??.to_str().ok()
}

fn at_most_one(headers: &HeaderMap, name: &str, good: impl Fn(&str) -> bool) -> bool {
    !headers.contains_key(name) || only(headers, name).is_some_and(good)
}

fn is_json(value: &str) -> bool {
    let (kind, rest) = value.split_once(';').unwrap_or((value, "charset=utf-8"));
    let charset = rest.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/json")
        && matches!(charset.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
}

/// In forward mode the host appends its name to the caller's value; in the host's own calls its name stands alone.
fn is_host_agent(value: &str) -> bool {
    value
        .strip_prefix("Azure-Functions-Host/")
        .is_some_and(|version| !version.contains([' ', '\t', ',', '(']))
}

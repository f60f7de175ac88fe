//! Who may come near the host's own pages: programs on this machine, and in a browser those pages alone. A page of
//! another site can send requests here too, and by a rebound name even read the answers.

use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header, uri::Authority};
use percent_encoding::percent_decode_str;

use crate::body::{Body, text};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Everything below it is the host's own, whatever routes the app has.
pub(crate) const EMULATOR_PREFIX: &str = "/_emulator/";

/// Whether the guard stands before a path: console, issuer and the host's own `/admin`.
pub(crate) fn is_guarded(path: &str) -> bool {
    is_emulator_path(path) || is_reserved(path)
}

/// Whether a path is this program's own, which no route of the app can take.
pub(crate) fn is_emulator_path(path: &str) -> bool {
    is_below(path, EMULATOR_PREFIX.trim_matches('/'))
}

/// Whether a path lies below a prefix; case, doubled slashes and escapes make no difference, because later readers of
/// the path may ignore them too.
fn is_below(path: &str, folder: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let first = decoded.trim_start_matches('/').split('/').next();
    first.is_some_and(|first| first.eq_ignore_ascii_case(folder))
}

/// The first segments after `/admin` that belong to the host; any other path there is the app's (Controllers of
/// WebJobs.Script.WebHost).
const ADMIN_SECTIONS: [&str; 5] = ["functions", "host", "instance", "pod", "warmup"];

/// Whether a path belongs to the host itself. Case, doubled slashes and escapes make no difference, because later
/// readers of the path may ignore them too.
pub(crate) fn is_reserved(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut segments = decoded.split('/').filter(|segment| !segment.is_empty()).map(str::to_ascii_lowercase);
    match (segments.next().as_deref(), segments.next().as_deref()) {
        (Some("admin"), Some(second)) => ADMIN_SECTIONS.contains(&second),
        (Some("runtime"), Some(second)) => second == "webhooks",
        _ => false,
    }
}

/// The answer for a request that comes from elsewhere; none for one that may pass.
pub(crate) fn refuse<T>(request: &Request<T>) -> Option<Response<Body>> {
    let headers = request.headers();
    let Some(host) = loopback_host(headers) else {
        return Some(text(
            StatusCode::FORBIDDEN,
            "This host answers only to localhost and 127.0.0.1: open it by one of these names.",
        ));
    };
    if is_foreign(headers, &host) {
        return Some(text(
            StatusCode::FORBIDDEN,
            "A page of another site may not open this address: type it into the browser yourself.",
        ));
    }
    None
}

/// The one `Host`, if it names this machine.
fn loopback_host(headers: &HeaderMap) -> Option<String> {
    let host = single(headers, &header::HOST)?;
    let authority = Authority::try_from(host).ok()?;
    let is_loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    (is_loopback && !host.contains('@')).then(|| host.to_owned())
}

/// Browsers say where a request comes from; programs do not. Another port of this machine is another origin.
fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    let own = format!("http://{host}");
    let origin =
        headers.contains_key(header::ORIGIN) && single(headers, &header::ORIGIN) != Some(own.as_str());
    let site = headers.contains_key(&FETCH_SITE)
        && !matches!(single(headers, &FETCH_SITE), Some("same-origin" | "none"));
    origin || site
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok()
}

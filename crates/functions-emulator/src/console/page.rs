//! The page itself, from this binary.

use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use crate::{
    body::{self, Body, status_only},
    loopback_guard::EMULATOR_PREFIX,
};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Scripts and styles come from here alone, nothing may frame the page, and no text becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Stands in the page where its token belongs.
const PLACE_OF_TOKEN: &str = "CONSOLE_TOKEN";

macro_rules! files {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        [$(($name, $kind, include_str!(concat!("../../console/", $name)))),+]
    };
}

/// Name, media type and text of each file beside the page.
const FILES: &[(&str, &str, &str)] = &files![
    "console.css": CSS,
    "traces.css": CSS,
    "icon.svg": "image/svg+xml",
    "main.js": SCRIPT,
    "client.js": SCRIPT,
    "dom.js": SCRIPT,
    "build.js": SCRIPT,
    "compare.js": SCRIPT,
    "curl.js": SCRIPT,
    "diff.js": SCRIPT,
    "exchange.js": SCRIPT,
    "filters.js": SCRIPT,
    "form.js": SCRIPT,
    "keyed.js": SCRIPT,
    "log_line.js": SCRIPT,
    "openapi.js": SCRIPT,
    "schema.js": SCRIPT,
    "waterfall.js": SCRIPT,
    "views/functions.js": SCRIPT,
    "views/calls.js": SCRIPT,
    "views/traces.js": SCRIPT,
    "views/logs.js": SCRIPT,
    "views/queues.js": SCRIPT,
    "views/timers.js": SCRIPT,
    "views/document.js": SCRIPT,
    "views/settings.js": SCRIPT,
    "views/users.js": SCRIPT,
    "views/faults.js": SCRIPT,
];

/// Answers for the page and its files.
pub(super) fn answer(request: &Request<Body>, token: &str) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return status_only(StatusCode::METHOD_NOT_ALLOWED);
    }
    match request.uri().path() {
        "/" | "/_emulator" => moved(),
        "/_emulator/" => page(token),
        path => {
            let name = path.strip_prefix(EMULATOR_PREFIX).unwrap_or_default();
            let found = FILES.iter().find(|(known, ..)| *known == name);
            found.map_or_else(
                || status_only(StatusCode::NOT_FOUND),
                |(_, kind, text)| body::answer(StatusCode::OK, kind, *text),
            )
        }
    }
}

fn page(token: &str) -> Response<Body> {
    let text = include_str!("../../console/index.html").replace(PLACE_OF_TOKEN, token);
    let mut answer = body::answer(StatusCode::OK, HTML, text);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    answer
}

fn moved() -> Response<Body> {
    let mut answer = status_only(StatusCode::PERMANENT_REDIRECT);
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static(EMULATOR_PREFIX));
    answer
}

//! The console: a page at `/_emulator/` that shows this host's events, and controls it. Its data comes from a small
//! JSON interface below `/_emulator/api/`, which accepts only requests with the page's token. Traces come from exporters,
//! which have none.

mod api;
mod by_hand;
mod calls;
mod faults;
mod live;
mod new_call;
mod overview;
mod page;
mod users;
mod problem;
mod queues;
mod settings;
mod traces;

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, Response, StatusCode};

use crate::{
    body::{Body, status_only},
    cancellation::CancellationToken,
    host::Host,
    loopback_guard as guard,
    options::ConsoleOptions,
    otlp,
};

/// EasyAuth serves this path, before and after a worker runs.
const ISSUER: &str = "/_emulator/issuer/";
/// Carries the token.
const TOKEN: &str = "x-emulator-console";

/// Through which of the host's ports a request came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Port {
    /// The app's.
    App,
    /// The console's own.
    Console,
}

/// The console of one host.
#[derive(Debug)]
pub(crate) struct Console {
    token: String,
    options: ConsoleOptions,
    cancellation: CancellationToken,
}

impl Console {
    /// A console with a new token; none when there is no randomness to make it from.
    pub(crate) fn new(options: ConsoleOptions, cancellation: CancellationToken) -> Option<Self> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).ok()?;
        Some(Self { token: URL_SAFE_NO_PAD.encode(secret), options, cancellation })
    }

    fn is_authorized(&self, request: &Request<Body>) -> bool {
        let presented = request.headers().get(TOKEN).map(http::HeaderValue::as_bytes);
        presented.is_some_and(|token| verify_slices_are_equal(token, self.token.as_bytes()).is_ok())
    }
}

/// Answers the requests for the console.
///
/// # Errors
/// The request, when it is the app's or the issuer's and harmless.
pub(crate) async fn answer(
    host: &Host,
    console: &Console,
    request: Request<Body>,
    port: Port,
) -> Result<Response<Body>, Request<Body>> {
    let path = request.uri().path();
    if port == Port::App && !guard::is_guarded(path) {
        return Err(request);
    }
    if let Some(refusal) = guard::refuse(&request) {
        return Ok(refusal);
    }
    let is_console_port = (port == Port::Console) == console.options.port.is_some();
    if port == Port::App && (path.starts_with(ISSUER) || !guard::is_emulator_path(path)) {
        return Err(request);
    }
    if !is_console_port {
        return Ok(status_only(StatusCode::NOT_FOUND));
    }
    if let Some(path) = path.strip_prefix(otlp::PREFIX).map(str::to_owned) {
        return Ok(otlp::answer(host.events().traffic(), &path, request).await);
    }
    Ok(match path.strip_prefix("/_emulator/api/") {
        None => page::answer(&request, &console.token),
        Some(_) if !console.is_authorized(&request) => problem::refused(),
        Some(path) => {
            let path = path.to_owned();
            api::answer(host, &console.cancellation, &path, request).await
        }
    })
}

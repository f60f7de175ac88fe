//! The console: a page at `/_local/` that shows what this host sees, and makes it do things. Its data comes from a small
//! JSON interface below `/_local/api/`, which takes nothing without the token that only the page has.

mod api;
mod calls;
mod faults;
mod live;
mod outgoing;
mod overview;
mod page;
mod people;
mod problem;
mod queues;

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, Response, StatusCode};

use crate::{
    body::{Body, status_only},
    host::Host,
    local_guard as guard,
    options::ConsoleOptions,
    stop::Stopping,
};

/// Answered by the front, before and after a worker is there.
const ISSUER: &str = "/_local/issuer/";
/// Carries the token.
const TOKEN: &str = "x-local-console";

/// Through which of the host's ports a request came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entrance {
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
    stopping: Stopping,
}

impl Console {
    /// A console with a new token; none when there is no randomness to make it from.
    pub(crate) fn new(options: ConsoleOptions, stopping: Stopping) -> Option<Self> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).ok()?;
        Some(Self { token: URL_SAFE_NO_PAD.encode(secret), options, stopping })
    }

    fn is_opened_by(&self, request: &Request<Body>) -> bool {
        let presented = request.headers().get(TOKEN).map(http::HeaderValue::as_bytes);
        presented.is_some_and(|token| verify_slices_are_equal(token, self.token.as_bytes()).is_ok())
    }
}

/// Answers what is the console's.
///
/// # Errors
/// The request, when it is the app's or the issuer's and harmless.
pub(crate) async fn answer(
    host: &Host,
    console: &Console,
    request: Request<Body>,
    entrance: Entrance,
) -> Result<Response<Body>, Request<Body>> {
    let path = request.uri().path();
    if entrance == Entrance::App && !guard::is_guarded(path) {
        return Err(request);
    }
    if let Some(refusal) = guard::refusal(&request) {
        return Ok(refusal);
    }
    let is_its_place = (entrance == Entrance::Console) == console.options.port.is_some();
    if entrance == Entrance::App && (path.starts_with(ISSUER) || !guard::is_local(path)) {
        return Err(request);
    }
    if !is_its_place {
        return Ok(status_only(StatusCode::NOT_FOUND));
    }
    Ok(match path.strip_prefix("/_local/api/") {
        None => page::answer(&request, &console.token),
        Some(_) if !console.is_opened_by(&request) => problem::refused(),
        Some(path) => {
            let path = path.to_owned();
            api::answer(host, &console.stopping, &path, request).await
        }
    })
}

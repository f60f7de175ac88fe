//! App Service Authentication (EasyAuth), which runs before the host on the platform.

mod principal;

use std::path::Path;

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use serde::Deserialize;

use crate::{
    clock::Clock,
    issuer::{Claims, Issuer, KeyError},
    listener::Body,
    traffic::CallRecorder,
    users::Users,
};

/// What EasyAuth does with a caller's identity.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EasyAuthMode {
    /// As on the platform: strips principal and certificate headers, checks the token and its client, sets the principal;
    /// the worker sees `WEBSITE_AUTH_ENABLED=True`.
    On,
    /// As on a platform without authentication: `WEBSITE_AUTH_ENABLED` is not set and nothing is stripped.
    #[default]
    Off,
    /// For attack tests: `WEBSITE_AUTH_ENABLED=True`, but nothing is stripped or added.
    Bypassed,
    /// For attack tests: the token is checked and the principal added, but what the caller wrote stays beside it.
    KeepHeaders,
}

/// EasyAuth of one host; clones share the issuer.
#[derive(Clone, Debug)]
pub struct EasyAuth {
    mode: EasyAuthMode,
    issuer: Option<Issuer>,
    clock: Clock,
}

impl EasyAuth {
    /// Opens EasyAuth and, where there are users, their issuer: its key lies in `state`, and its tokens name
    /// `base_url`, the host's URL without a slash at its end.
    ///
    /// # Errors
    /// When the issuer has no key.
    pub fn open(
        mode: EasyAuthMode,
        users: Option<&Users>,
        state: &Path,
        base_url: &str,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let issuer = users.map(|users| Issuer::open(state, base_url, users)).transpose()?;
        Ok(Self { mode, issuer, clock })
    }

    /// The issuer, where there are users.
    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// Lets a request through with what the platform would make of its headers. Without users there is no sign-in,
    /// so that every request passes, stripped.
    ///
    /// # Errors
    /// The answer to a request that is not passed on: 401, 403 if the token's client is not that of the users file, or
    /// one of the issuer's documents.
    #[expect(clippy::result_large_err, reason = "the answer is used once, where it is returned")]
    pub fn authenticate(&self, mut request: Request<Body>) -> Result<Request<Body>, Response<Body>> {
        if let Some(answer) = self.issuer.as_ref().and_then(|issuer| issuer.answer(&request)) {
            return Err(answer);
        }
        match self.mode {
            EasyAuthMode::On => strip(request.headers_mut()),
            EasyAuthMode::KeepHeaders => {}
            EasyAuthMode::Off | EasyAuthMode::Bypassed => return Ok(request),
        }
        let Some(issuer) = &self.issuer else { return Ok(request) };
        if issuer.users().excludes_path(request.uri().path()) {
            return Ok(request);
        }
        let Some(claims) = self.claims(issuer, request.headers()) else { return Err(unauthenticated()) };
        // `allowedApplications`: a token is not enough where another client asked for it.
        // https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad
        if claims.azp != issuer.users().client_id() {
            tracing::warn!(client = %claims.azp, "EasyAuth rejected a client");
            return Err(refusal(StatusCode::FORBIDDEN));
        }
        principal::add(request.headers_mut(), &claims);
        let user = issuer.users().iter().find(|user| user.object_id == claims.oid);
        if let (Some(user), Some(record)) = (user, request.extensions().get::<CallRecorder>()) {
            record.set_caller(&user.name);
        }
        Ok(request)
    }

    fn claims(&self, issuer: &Issuer, headers: &HeaderMap) -> Option<Claims> {
        let token = bearer(headers)?;
        issuer
            .verify(token, self.clock.now())
            .inspect_err(|refusal| tracing::warn!(%refusal, "EasyAuth rejected a token"))
            .ok()
    }
}

/// The one token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Removes headers that only the platform may set. Underscores count as dashes, because frameworks behind a proxy
/// often cannot distinguish them.
fn strip(headers: &mut HeaderMap) {
    let forged: Vec<_> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str().replace('_', "-");
            name.starts_with("x-ms-") || name.starts_with("x-arr-")
        })
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

fn unauthenticated() -> Response<Body> {
    let mut answer = refusal(StatusCode::UNAUTHORIZED);
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

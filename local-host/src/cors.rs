//! Which pages of other origins may call, as `func start` lets them: any method, any header.

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::{body::Body, invoke::status_only};

/// The origins of `Host.CORS` in local.settings.json.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cors {
    origins: Vec<String>,
    credentials: bool,
}

impl Cors {
    /// Reads origins with commas between; `*` lets every origin in. None where there is no origin.
    #[must_use]
    pub fn parse(text: &str, credentials: bool) -> Option<Self> {
        let origins = text.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned());
        let origins: Vec<String> = origins.filter(|origin| !origin.is_empty()).collect();
        (!origins.is_empty()).then_some(Self { origins, credentials })
    }

    /// Answers a browser's question before the call; the function never sees it.
    pub(crate) fn preflight(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let origin = request.headers().get(header::ORIGIN)?;
        if request.method() != Method::OPTIONS {
            return None;
        }
        let mut answer = status_only(StatusCode::NO_CONTENT);
        if self.allow(answer.headers_mut(), origin) {
            let headers = answer.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
            if let Some(names) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
        }
        Some(answer)
    }

    /// Adds to an answer what lets the page of an allowed origin read it.
    pub(crate) fn allow(&self, headers: &mut HeaderMap, origin: &HeaderValue) -> bool {
        let any = self.origins.iter().any(|known| known == "*");
        let known =
            any || self.origins.iter().any(|known| origin.as_bytes().eq_ignore_ascii_case(known.as_bytes()));
        if !known {
            return false;
        }
        let open = any && !self.credentials;
        let allowed = if open { HeaderValue::from_static("*") } else { origin.clone() };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if !open && (any || self.origins.len() > 1) {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        true
    }
}

//! Answers pages of other origins as `func start` does: any method, any header.

use functions_lint::cors::Cors;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use crate::body::{Body, status_only};

/// Answers a browser's question before the call; the function never sees it.
pub(crate) fn preflight(cors: &Cors, request: &Request<Body>) -> Option<Response<Body>> {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let origin = request.headers().get(header::ORIGIN)?;
    if request.method() != Method::OPTIONS {
        return None;
    }
    let mut answer = status_only(StatusCode::NO_CONTENT);
    if allow(cors, answer.headers_mut(), origin) {
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
        if let Some(names) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
    }
    Some(answer)
}

/// Adds to an answer what lets the page of an allowed origin read it.
pub(crate) fn allow(cors: &Cors, headers: &mut HeaderMap, origin: &HeaderValue) -> bool {
    if !origin.to_str().is_ok_and(|origin| cors.allows(origin)) {
        return false;
    }
    let allowed = if cors.allows_any() { HeaderValue::from_static("*") } else { origin.clone() };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if cors.credentials() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if cors.varies_by_origin() {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    true
}

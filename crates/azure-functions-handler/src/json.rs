//! Bodies: JSON in and out, and raw.

use axum_core::{
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Body, Rejection, limits::BodyLimits};

/// JSON: the body as an argument, the answer as what a handler returns, and the payload of a
/// [`QueueMessage`](crate::QueueMessage).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        if !is_json(request.headers()) {
            return Err(Rejection::ContentType);
        }
        let limits = BodyLimits::of(request.extensions());
        let body = Body::from_request(request, state).await?.read(limits.max_bytes).await?;
        serde_json::from_slice(&body).map(Json).map_err(|error| Rejection::Json(error.to_string()))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let kind = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, kind)], body).into_response()
            }
            Err(error) => Rejection::Unserializable(error.to_string()).into_response(),
        }
    }
}

/// The body as it comes, unread: nothing is taken from the wire before the handler asks for it.
impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let time = BodyLimits::of(request.extensions()).timeout;
        let wire = request.into_body();
        Ok(if wire.is_end_stream() { Self::Absent } else { Self::Stream { wire, time } })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

//! Reads a JSON body: is it said to be JSON (415), is it small enough (413), is it there at all (400).

use axum::http::{HeaderMap, header};
use bytes::Bytes;

use crate::{
    host::{Body, BodyError, Call},
    limits::LIMITS,
    problem::Problem,
};

/// Reads the body of a call; its bytes are not looked at yet.
///
/// # Errors
/// `media-type`, then `too-large`, `body-timeout` or `malformed`, then `body-missing`.
pub async fn read(call: &mut Call) -> Result<Bytes, Problem> {
    is_json(&call.headers)?;
    let body =
        std::mem::replace(&mut call.body, Body::Absent).read(LIMITS.forms.body).await.map_err(|error| {
            match error {
                BodyError::TooLarge => Problem::TooLarge,
                BodyError::Interrupted => Problem::Malformed("The body was cut off."),
                BodyError::TooSlow => Problem::BodyTimeout,
            }
        })?;
    if body.is_empty() { Err(Problem::BodyMissing) } else { Ok(body) }
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Problem::MediaType) };
    let text = value.to_str().map_err(|_| Problem::MediaType)?;
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if json && utf8 { Ok(()) } else { Err(Problem::MediaType) }
}

//! Reading a body to its end.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as HttpBody;

use super::failure::Failure;

/// Bytes of an answer that .NET's client reads into memory.
pub(super) const MAX_ANSWER_BYTES: usize = i32::MAX as usize;

/// The whole body, of at most this many bytes.
pub(super) async fn read_whole<B>(body: B, most: usize) -> Result<Bytes, Failure>
where
    B: HttpBody<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let read = Limited::new(body, most).collect().await;
    read.map(http_body_util::Collected::to_bytes)
        .map_err(|error| Failure::new(format!("a body ended early: {error}")))
}

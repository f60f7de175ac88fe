//! A caller's request on its way to the worker.

use bytes::Bytes;
use http::{header, request};
use serde_json::Value;

use super::{Failure, headers::content_length, read_body::read_whole};
use crate::{
    app::Function,
    body::{self, Body},
    route::Params,
};

/// A request whose route is found and whose key is checked.
pub(crate) struct Call {
    pub(crate) parts: request::Parts,
    pub(crate) body: Body,
    /// Decoded except for `%2F`.
    pub(crate) path: String,
    pub(crate) params: Params,
    /// `Identities` of the envelope.
    pub(crate) identities: Vec<Value>,
}

impl Call {
    /// This call with another path: `/` and the function's name.
    pub(super) fn to(self, function: &Function) -> Self {
        Self { path: format!("/{}", function.name), ..self }
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.parts.headers.contains_key(header::TRANSFER_ENCODING)
    }

    pub(super) fn has_body(&self) -> bool {
        self.is_chunked() || content_length(&self.parts.headers).is_some_and(|length| length > 0)
    }

    /// The body, if its length is declared; a chunked body is lost, as under the real host. The size of the body has
    /// been checked already.
    pub(super) async fn read_body(&mut self) -> Result<Bytes, Failure> {
        let bytes = read_whole(std::mem::replace(&mut self.body, body::empty()), usize::MAX).await?;
        Ok(if self.is_chunked() { Bytes::new() } else { bytes })
    }
}

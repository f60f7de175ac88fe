//! Copies of bodies as they pass, cut at a fixed length.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::body::Body;

/// Bytes that are kept of one body.
pub(crate) const MAX_CAPTURED_BYTES: usize = 32 * 1024;

/// The recorded part of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct CapturedBody {
    kept: Vec<u8>,
    length: u64,
}

impl CapturedBody {
    fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = MAX_CAPTURED_BYTES - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// All of the body; none where it was cut.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        (!self.is_cut()).then_some(&self.kept)
    }

    fn is_cut(&self) -> bool {
        self.length > self.kept.len() as u64
    }

    /// The text; none where it is no UTF-8. A cut within a multi-byte character removes that character.
    fn text(&self) -> Option<&str> {
        match std::str::from_utf8(&self.kept) {
            Ok(text) => Some(text),
            Err(fault) if self.is_cut() && fault.error_len().is_none() => {
                std::str::from_utf8(&self.kept[..fault.valid_up_to()]).ok()
            }
            Err(_) => None,
        }
    }
}

impl Serialize for CapturedBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let base64 = self.text().is_none().then(|| STANDARD.encode(&self.kept));
        let note =
            self.is_cut().then(|| format!("cut: {MAX_CAPTURED_BYTES} of {} bytes are kept", self.length));
        json!({"text": self.text(), "base64": base64, "length": self.length, "note": note})
            .serialize(serializer)
    }
}

/// A body of which a copy is kept; `on_end` gets the copy once, when the body has passed or was dropped.
pub(crate) struct Tee<F: FnOnce(CapturedBody)> {
    body: Body,
    captured: CapturedBody,
    on_end: Option<F>,
}

impl<F: FnOnce(CapturedBody)> Tee<F> {
    pub(crate) fn new(body: Body, on_end: F) -> Self {
        Self { body, captured: CapturedBody::default(), on_end: Some(on_end) }
    }

    fn finish(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(std::mem::take(&mut self.captured));
        }
    }
}

/// Length and end are those of the body: they decide how it is framed.
impl<F: FnOnce(CapturedBody) + Unpin> HttpBody for Tee<F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.captured.add(data);
                }
            }
            Some(Err(_)) | None => self.finish(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<F: FnOnce(CapturedBody)> Drop for Tee<F> {
    fn drop(&mut self) {
        self.finish();
    }
}

//! The values of a handler's output bindings, beside its response.

use std::{collections::BTreeMap, convert::Infallible};

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    binding,
    response::InvalidResponse,
    trigger::{OutputBinding, OutputKind},
};

/// Values for output bindings. Return them before the response, as in `(Outputs, Json<T>)`, or alone.
///
/// They are sent with the response: when the handler returns nothing, because its deadline passed or it panicked,
/// nothing is sent.
///
/// ```
/// use azure_functions_handler::{Functions, Outputs, post, queue_output};
///
/// async fn submit(body: String) -> (Outputs, &'static str) {
///     (Outputs::new().message("jobs", body), "accepted")
/// }
///
/// let functions =
///     Functions::<()>::new().http("Submit", post("jobs").output(queue_output("jobs", "jobs-queue")), submit);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    messages: Vec<(&'static str, Bytes)>,
    values: Vec<(&'static str, Value)>,
}

impl Outputs {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message for a queue output. The queue holds exactly these bytes if they are text that XML can carry, else their
    /// Base64 text. (host.json is to set `extensions.queues.messageEncoding` to `none`.)
    #[must_use]
    pub fn message(mut self, binding: &'static str, message: impl Into<Bytes>) -> Self {
        self.messages.push((binding, message.into()));
        self
    }

    /// Adds a message for a queue output, as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(self, binding: &'static str, message: &impl Serialize) -> serde_json::Result<Self> {
        Ok(self.message(binding, serde_json::to_vec(message)?))
    }

    /// Sets the value of an output of another type, as the host wants it in `Outputs`.
    #[must_use]
    pub fn value(mut self, binding: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((binding, value.into()));
        self
    }

    /// Whether nothing is sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.values.is_empty()
    }

    /// Values by binding, as the host wants them.
    pub(crate) fn for_host(self, known: &[OutputBinding]) -> Result<Map<String, Value>, InvalidResponse> {
        let is_queue = |name: &str| {
            let output = known.iter().find(|output| output.name == name)?;
            Some(matches!(output.kind, OutputKind::Queue(_)))
        };
        let mut messages: BTreeMap<&str, Vec<Bytes>> = BTreeMap::new();
        for (name, message) in self.messages {
            if is_queue(name) != Some(true) {
                return Err(InvalidResponse::Output(name));
            }
            messages.entry(name).or_default().push(message);
        }
        let mut outputs = Map::new();
        for output in known {
            let of_this = messages.remove(output.name).unwrap_or_default();
            let value = binding::output(of_this).map_err(|why| InvalidResponse::Message(output.name, why))?;
            outputs.extend(value.map(|value| (output.name.to_owned(), value)));
        }
        for (name, value) in self.values {
            if is_queue(name) != Some(false) || outputs.insert(name.to_owned(), value).is_some() {
                return Err(InvalidResponse::Output(name));
            }
        }
        Ok(outputs)
    }
}

impl IntoResponseParts for Outputs {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        let mut all = parts.extensions_mut().remove::<Self>().unwrap_or_default();
        all.messages.extend(self.messages);
        all.values.extend(self.values);
        parts.extensions_mut().insert(all);
        Ok(parts)
    }
}

impl IntoResponse for Outputs {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

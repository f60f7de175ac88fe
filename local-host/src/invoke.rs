//! Calls from the host to the worker: proxied, forwarded, or as an envelope.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::Function;

/// Makes the calls of one host instance; clones share it.
#[derive(Clone, Debug)]
pub struct Invoker {}

/// An invocation that failed; the text is for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvocationFailed(pub String);

impl Invoker {
    /// Invokes a function that has no HTTP caller (queue, timer): posts `{Data, Metadata}` with `Metadata.sys`
    /// added, reads the answer, sends the queue outputs, tells the `Invoked` event.
    ///
    /// # Errors
    /// When the worker answers anything but a well-formed 2xx envelope, cannot be reached, passes
    /// `functionTimeout`, or an output cannot be sent.
    pub async fn trigger(
        &self,
        _function: &Function,
        _data: Map<String, Value>,
        _metadata: Map<String, Value>,
    ) -> Result<Uuid, InvocationFailed> {
        unimplemented!()
    }
}

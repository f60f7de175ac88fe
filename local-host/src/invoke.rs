//! Calls from the host to the worker: proxied, forwarded, or as an envelope.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    app::{App, Function},
    event::{Event, Events},
    queues::Queues,
    worker::Worker,
};

/// Makes the calls of one host instance; clones share it. Stand-in until the real one is merged.
#[derive(Clone, Debug)]
pub struct Invoker {
    app: Arc<App>,
    worker: Worker,
    events: Events,
}

/// Where calls go.
#[derive(Clone, Debug)]
pub enum Target {
    /// The worker process of a host instance.
    Worker(Worker),
}

/// An invocation that failed; the text is for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvocationFailed(pub String);

impl Invoker {
    /// Calls a worker.
    #[must_use]
    pub fn new(app: Arc<App>, target: Target, _queues: Queues, events: Events) -> Self {
        let Target::Worker(worker) = target;
        Self { app, worker, events }
    }

    /// Invokes a function that has no HTTP caller (queue, timer): posts `{Data, Metadata}` with `Metadata.sys`
    /// added, reads the answer, sends the queue outputs, tells the `Invoked` event.
    ///
    /// # Errors
    /// When the worker answers anything but a well-formed 2xx envelope, cannot be reached, passes
    /// `functionTimeout`, or an output cannot be sent.
    pub async fn trigger(
        &self,
        function: &Function,
        data: Map<String, Value>,
        metadata: Map<String, Value>,
    ) -> Result<Uuid, InvocationFailed> {
        self.envelope(function, data, metadata).await.map(|(id, _)| id)
    }

    pub(crate) async fn envelope(
        &self,
        function: &Function,
        data: Map<String, Value>,
        metadata: Map<String, Value>,
    ) -> Result<(Uuid, Value), InvocationFailed> {
        let id = crate::ids::random();
        let started = tokio::time::Instant::now();
        let call = self.call(function, json!({ "Data": data, "Metadata": metadata }));
        let answer = tokio::time::timeout(self.app.host.function_timeout, call).await.unwrap_or_else(|_| {
            self.worker.timed_out();
            Err("functionTimeout".into())
        });
        self.events.tell(Event::Invoked {
            function: function.name.clone(),
            id,
            status: if answer.is_ok() { 200 } else { 500 },
            succeeded: answer.is_ok(),
            duration: started.elapsed(),
        });
        answer.map(|answer| (id, answer)).map_err(|error| InvocationFailed(error.to_string()))
    }

    async fn call(
        &self,
        function: &Function,
        envelope: Value,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let address = self.worker.address().await?;
        let stream = tokio::net::TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::post(format!("/{}", function.name))
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(envelope.to_string())))?;
        let answer = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            if status.is_success() {
                Ok(serde_json::from_slice(&body)?)
            } else {
                Err(status.to_string().into())
            }
        };
        let mut answer = std::pin::pin!(answer);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            answer = &mut answer => answer,
            _ = &mut connection => answer.await,
        }
    }
}

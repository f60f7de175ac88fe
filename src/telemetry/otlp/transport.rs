//! Sends what the SDK encoded, and sends it again while the collector may take it later.
//!
//! The SDK calls from a thread of its own, which is none of the runtime's, and blocks it until the batch is settled. So
//! the request is a task of the runtime, where the worker's HTTP client finds its timers and sockets.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use reqwest::{Client, header::HeaderMap};
use tokio::{runtime::Handle, sync::watch, time::timeout};

use super::{
    dropped::Dropped, export_error::ExportError, partial_success::rejected_spans, settings::Protocol,
};
use crate::telemetry::chain;

#[cfg(feature = "otlp-grpc")]
mod grpc;
mod http;

/// How long a batch waits that was not taken: at first, and at last. A collector that becomes available again gets the
/// batch within ten seconds.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));
/// The longest pause that the collector is given when it asks for one.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The way to a collector: the worker's own HTTP client, which follows no redirect and trusts no other roots.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    pub(super) client: Client,
    pub(super) runtime: Handle,
    pub(super) protocol: Protocol,
    /// Sent with every request.
    pub(super) headers: HeaderMap,
    /// How long one batch is offered; without it, until it is settled.
    pub(super) limit: Option<Duration>,
    /// True once the process ends.
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) dropped: Dropped,
}

#[async_trait]
impl HttpClient for Transport {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let transport = self.clone();
        Ok(self.runtime.spawn(transport.deliver(request)).await??)
    }
}

impl Transport {
    async fn deliver(self, mut request: Request<Bytes>) -> Result<Response<Bytes>, ExportError> {
        request.headers_mut().extend(self.headers.clone());
        let delivered = match self.limit {
            Some(limit) => timeout(limit, self.deliver_until_settled(&request)).await,
            None => Ok(self.deliver_until_settled(&request).await),
        };
        let error = match delivered {
            Ok(Ok(())) => return Ok(Response::new(Bytes::new())),
            Ok(Err(error)) => error,
            Err(_) => ExportError::Expired,
        };
        self.dropped.set_error(chain(&error));
        Err(error)
    }

    /// Sends until the collector takes the batch or refuses it. From the end of the process on, once.
    async fn deliver_until_settled(&self, request: &Request<Bytes>) -> Result<(), ExportError> {
        let mut stopped = self.stopped.clone();
        let mut pause = BACKOFF.0;
        loop {
            let sent = tokio::select! {
                biased;
                // A request that is broken off here is sent again below: the collector knows spans by their ids.
                _ = stopped.wait_for(|stopped| *stopped) => break,
                sent = self.send(request) => sent,
            };
            let Err(error) = sent else { return Ok(()) };
            self.dropped.set_error(chain(&error));
            let retry_after = match error {
                ExportError::Unavailable(_) => None,
                #[cfg(feature = "otlp-grpc")]
                ExportError::Interrupted => None,
                ExportError::Retryable(_, retry_after) => retry_after,
                _ => return Err(error),
            };
            let wait = retry_after.map_or(pause, |asked| asked.clamp(BACKOFF.0, MAX_RETRY_AFTER));
            pause = (pause * 2).min(BACKOFF.1);
            if timeout(wait, stopped.wait_for(|stopped| *stopped)).await.is_ok() {
                break;
            }
        }
        self.send(request).await
    }

    async fn send(&self, request: &Request<Bytes>) -> Result<(), ExportError> {
        let answer = match self.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => grpc::call(&self.client, request.clone()).await?,
            Protocol::HttpProtobuf | Protocol::HttpJson => http::post(&self.client, request.clone()).await?,
        };
        let rejected = rejected_spans(self.protocol, &answer);
        if rejected > 0 {
            self.dropped.set_rejected(rejected);
            self.dropped.set_error(chain(&ExportError::PartialSuccess));
        }
        Ok(())
    }
}

//! Sends requests to the queue server and reports when it is unavailable.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::timeout;

use super::{connection::Account, request::StorageRequest};
use crate::{
    clock::Clock,
    event::Event,
    events::Events,
    queues::error::{Fault, ServerError},
};

/// How long an answer may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than the servers' own limit, so that no request meets a connection that is just being closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_millis(500);

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct StorageResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl StorageResponse {
    /// A header, empty where it is missing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The error code, empty where there is none.
    pub(super) fn code(&self) -> &str {
        self.header("x-ms-error-code")
    }
}

/// A connection to one account; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    account: Arc<Account>,
    pool: Pool<HttpConnector, Full<Bytes>>,
    clock: Clock,
    events: Events,
    unavailable: Arc<AtomicBool>,
}

impl Client {
    pub(super) fn new(account: Account, clock: Clock, events: Events) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build(HttpConnector::new());
        Self { account: Arc::new(account), pool, clock, events, unavailable: Arc::default() }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends a request and reads the whole answer. The first request that finds no working server emits an event, and
    /// so does the first after it that succeeds.
    pub(super) async fn send(&self, request: &StorageRequest) -> Result<StorageResponse, ServerError> {
        let outcome = self.answered(request).await;
        let was_unavailable = self.unavailable.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(error) if !was_unavailable => {
                self.events.publish(Event::QueuesUnavailable { why: error.to_string() });
            }
            Ok(_) if was_unavailable => self.events.publish(Event::QueuesAvailable),
            _ => {}
        }
        outcome
    }

    /// Sends a request; an error unless the answer is that of a working queue server that accepts the login.
    async fn answered(&self, request: &StorageRequest) -> Result<StorageResponse, ServerError> {
        let exchanged = match timeout(RESPONSE_TIMEOUT, self.exchange(request)).await {
            Ok(exchanged) => exchanged,
            Err(elapsed) => Err(elapsed.into()),
        };
        let answer = exchanged.map_err(|source| ServerError::Unreachable {
            setting: self.account.setting.clone(),
            endpoint: self.account.endpoint(),
            source,
        })?;
        if answer.header("x-ms-request-id").is_empty() {
            return Err(self.unreadable("it has no x-ms-request-id"));
        }
        if answer.status == StatusCode::FORBIDDEN || answer.status.is_server_error() {
            return Err(self.refused(request, &answer));
        }
        Ok(answer)
    }

    async fn exchange(&self, request: &StorageRequest) -> Result<StorageResponse, Fault> {
        let answer = self.pool.request(request.signed(&self.account, self.clock.now())?).await?;
        let (head, body) = answer.into_parts();
        Ok(StorageResponse {
            status: head.status,
            headers: head.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    /// The error for an answer that is none of those a caller expects.
    pub(super) fn refused(&self, request: &StorageRequest, answer: &StorageResponse) -> ServerError {
        ServerError::Refused {
            setting: self.account.setting.clone(),
            method: request.method.clone(),
            path: request.path.clone(),
            status: answer.status,
            code: answer.code().to_owned(),
        }
    }

    /// The error for an answer that is not what its status promises.
    pub(super) fn unreadable(&self, source: impl Into<Fault>) -> ServerError {
        ServerError::Unreadable { endpoint: self.account.endpoint(), source: source.into() }
    }
}

//! Brings requests to the queue server and says when it is away.

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

use super::{connection::Account, request::Ask};
use crate::{
    clock::Clock,
    event::Event,
    events::Events,
    queues::error::{Fault, ServerError},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shorter than the servers' own limit, so that no request meets a connection that is just being closed.
const IDLE: Duration = Duration::from_millis(500);

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
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
    away: Arc<AtomicBool>,
}

impl Client {
    pub(super) fn new(account: Account, clock: Clock, events: Events) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(HttpConnector::new());
        Self { account: Arc::new(account), pool, clock, events, away: Arc::default() }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends a request and reads the whole answer. The first request that finds no working server is told to the
    /// events, and so is the first after it that does.
    pub(super) async fn send(&self, ask: &Ask) -> Result<Answer, ServerError> {
        let outcome = self.answered(ask).await;
        let was_away = self.away.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(error) if !was_away => self.events.tell(Event::QueuesAway { why: error.to_string() }),
            Ok(_) if was_away => self.events.tell(Event::QueuesBack),
            _ => {}
        }
        outcome
    }

    /// What a queue server answers that works and lets us in.
    async fn answered(&self, ask: &Ask) -> Result<Answer, ServerError> {
        let exchanged = match timeout(PATIENCE, self.exchange(ask)).await {
            Ok(exchanged) => exchanged,
            Err(elapsed) => Err(elapsed.into()),
        };
        let answer = exchanged.map_err(|source| ServerError::Away {
            setting: self.account.setting.clone(),
            endpoint: self.account.endpoint(),
            source,
        })?;
        if answer.header("x-ms-request-id").is_empty() {
            return Err(self.unreadable("it has no x-ms-request-id"));
        }
        if answer.status == StatusCode::FORBIDDEN || answer.status.is_server_error() {
            return Err(self.refused(ask, &answer));
        }
        Ok(answer)
    }

    async fn exchange(&self, ask: &Ask) -> Result<Answer, Fault> {
        let answer = self.pool.request(ask.signed(&self.account, self.clock.now())?).await?;
        let (head, body) = answer.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body: body.collect().await?.to_bytes() })
    }

    /// The error for an answer that is none of those a caller expects.
    pub(super) fn refused(&self, ask: &Ask, answer: &Answer) -> ServerError {
        ServerError::Refused {
            setting: self.account.setting.clone(),
            method: ask.method.clone(),
            path: ask.path.clone(),
            status: answer.status,
            code: answer.code().to_owned(),
        }
    }

    /// The error for an answer that is not what its status promises.
    pub(super) fn unreadable(&self, source: impl Into<Fault>) -> ServerError {
        ServerError::Unreadable { endpoint: self.account.endpoint(), source: source.into() }
    }
}

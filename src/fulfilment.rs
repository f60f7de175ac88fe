//! The backend that carries orders out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;

use crate::{
    clock::Clock,
    config::{Fulfilment, FulfilmentSettings},
    https::{BodyError, ClientError},
    orders::{Order, Traceparent},
    pem::PemError,
    secret::SecretError,
    store::Decision,
    telemetry::Event,
    vault::Vault,
};
use https::Https;

mod https;
mod request;

#[cfg(test)]
mod tests;

/// How long an order may take to be accepted or refused, reading a rotated certificate included:
/// `docs/reference/api.md#fulfilment-backend`.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where orders go.
#[derive(Debug, Default)]
pub enum Backend {
    /// The stand-in of a laptop: accepts every order, in process.
    #[default]
    StandIn,
    /// The real one, over mutual TLS.
    Https(Box<Https>),
}

/// The backend did not decide; the order waits and is sent again. No cause of it names a URL or a certificate, or quotes
/// what the backend wrote.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    /// Our certificate, or the backend's authority, cannot be read.
    #[error("a certificate for the fulfilment backend cannot be had")]
    Secret(#[from] SecretError),
    /// It can be read, and is not what it should be.
    #[error("a certificate for the fulfilment backend is of no use")]
    Pem(#[from] PemError),
    /// There can be no client with these certificates.
    #[error("the fulfilment backend cannot be called with these certificates")]
    Client(#[from] ClientError),
    /// It is away, or one side does not trust the other's certificate.
    #[error("the fulfilment backend cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It said neither yes nor no.
    #[error("the fulfilment backend answered {0}")]
    Status(StatusCode),
    /// It said more than it may, or not all of it.
    #[error("the fulfilment backend's answer cannot be read")]
    Answer(#[from] BodyError),
    /// It took longer than 15 seconds.
    #[error("the fulfilment backend took too long")]
    Late,
}

impl Undecided {
    /// Whether trying again will hardly help: the backend thinks the request itself wrong. Then a setting is wrong,
    /// and no customer's order is refused for that. See `docs/reference/api.md#fulfilment-backend`.
    #[must_use]
    pub fn is_our_fault(&self) -> bool {
        let passing = [408, 409, 425, 429];
        matches!(self, Self::Status(status) if status.is_client_error() && !passing.contains(&status.as_u16()))
    }
}

impl Backend {
    /// What carries orders out by these settings; nothing, while the platform has no backend.
    #[must_use]
    pub fn of(fulfilment: Fulfilment, vault: Option<&Vault>) -> Option<Self> {
        match fulfilment {
            Fulfilment::StandIn => Some(Self::StandIn),
            Fulfilment::Backend(settings) => Some(Self::new(settings, vault)),
            Fulfilment::Missing => None,
        }
    }

    /// The backend of these settings. Calls no server yet.
    #[must_use]
    pub fn new(settings: FulfilmentSettings, vault: Option<&Vault>) -> Self {
        Self::Https(Box::new(Https::new(settings, vault)))
    }

    /// Asks the backend to carry an order out, within the trace that queued it. May be asked again for the same
    /// order: the backend knows it by its id.
    ///
    /// # Errors
    /// [`Undecided`], at the latest after 15 seconds.
    pub async fn carry_out(
        &self,
        order: &Order,
        trace: Option<&Traceparent>,
        now: DateTime<Utc>,
    ) -> Result<Decision, Undecided> {
        match self {
            Self::StandIn => {
                Event::StandInAccepted { order_id: order.id.uuid() }.log();
                Ok(Decision::Fulfilled)
            }
            Self::Https(backend) => {
                let asked = tokio::time::timeout(PATIENCE, backend.ask(order, trace, now)).await;
                backend.seen(asked.unwrap_or(Err(Undecided::Late)))
            }
        }
    }

    /// When the first certificate ends of those that we show the backend at `now`; the stand-in is shown none.
    ///
    /// # Errors
    /// [`Undecided`], when there is no certificate that could be shown.
    pub async fn certificate_ends(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Undecided> {
        match self {
            Self::StandIn => Ok(None),
            Self::Https(backend) => backend.certificate_ends(now).await,
        }
    }

    /// Reads certificates again that are kept in a vault; returns when there are none.
    pub async fn keep_fresh(&self, clock: Clock) {
        if let Self::Https(backend) = self {
            backend.keep_fresh(clock).await;
        }
    }
}

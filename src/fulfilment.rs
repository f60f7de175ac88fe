//! The backend that carries orders out.

use azure_functions_handler::TraceContext;
use chrono::{DateTime, Utc};

use crate::{clock::Clock, orders::Order, store::Decision, telemetry::Event, vault::Vault};
use https::{Https, PATIENCE};

mod https;
mod request;
mod settings;
mod undecided;

#[cfg(test)]
mod tests;

pub use settings::{Fulfilment, FulfilmentSettings};
pub use undecided::Undecided;

/// Where orders go.
#[derive(Debug, Default)]
pub enum Backend {
    /// The stand-in of a laptop: accepts every order, in process.
    #[default]
    StandIn,
    /// The real one, over mutual TLS.
    Https(Box<Https>),
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
        trace: Option<&TraceContext>,
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

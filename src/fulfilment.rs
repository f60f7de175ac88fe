//! The backend that carries orders out.

use azure_functions_handler::TraceContext;
use chrono::{DateTime, Utc};

use crate::{clock::Clock, orders::Order, store::Decision, telemetry::Event, vault::Vault};
use https::{HttpsBackend, TIMEOUT};

mod error;
mod https;
mod request;
mod settings;

#[cfg(test)]
mod tests;

pub use error::FulfilmentError;
pub use settings::{FulfilmentMode, FulfilmentSettings};

/// Where orders are submitted.
#[derive(Debug, Default)]
pub enum Backend {
    /// A stub for development machines: accepts every order, in process.
    #[default]
    Stub,
    /// The real backend, called over mutual TLS.
    Https(Box<HttpsBackend>),
}

impl Backend {
    /// The backend of this mode; none while none is configured.
    #[must_use]
    pub fn from_mode(mode: FulfilmentMode, vault: Option<&Vault>) -> Option<Self> {
        match mode {
            FulfilmentMode::Stub => Some(Self::Stub),
            FulfilmentMode::Backend(settings) => Some(Self::new(settings, vault)),
            FulfilmentMode::NotConfigured => None,
        }
    }

    /// The backend of these settings. Calls no server yet.
    #[must_use]
    pub fn new(settings: FulfilmentSettings, vault: Option<&Vault>) -> Self {
        Self::Https(Box::new(HttpsBackend::new(settings, vault)))
    }

    /// Submits an order to the backend, within the trace that queued it. May be called again for the same
    /// order: the backend knows it by its id.
    ///
    /// # Errors
    /// [`FulfilmentError`], at the latest after 15 seconds.
    pub async fn submit(
        &self,
        order: &Order,
        trace: Option<&TraceContext>,
        now: DateTime<Utc>,
    ) -> Result<Decision, FulfilmentError> {
        match self {
            Self::Stub => {
                Event::FulfilmentStubbed { order_id: order.id.uuid() }.log();
                Ok(Decision::Fulfilled)
            }
            Self::Https(backend) => {
                let result = tokio::time::timeout(TIMEOUT, backend.send(order, trace, now)).await;
                backend.log_outcome(result.unwrap_or(Err(FulfilmentError::Timeout)))
            }
        }
    }

    /// When the first certificate ends of those that we show the backend at `now`; the stub is shown none.
    ///
    /// # Errors
    /// [`FulfilmentError`], when there is no certificate that could be shown.
    pub async fn certificate_expires_at(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, FulfilmentError> {
        match self {
            Self::Stub => Ok(None),
            Self::Https(backend) => backend.certificate_expires_at(now).await,
        }
    }

    /// Reads the backend's certificates again and again; never returns. For the stub, which has no certificates, it
    /// returns at once.
    pub async fn refresh_certificates(&self, clock: Clock) {
        if let Self::Https(backend) = self {
            backend.refresh_certificates(clock).await;
        }
    }
}

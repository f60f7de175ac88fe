//! Why the backend neither accepted nor rejected an order.

use reqwest::StatusCode;

use crate::{
    https::{BodyError, ClientError},
    pem::PemError,
    rotation::SecretError,
};

/// The backend neither accepted nor rejected the order, which is sent again later.
/// No cause of it names a URL or a certificate, or quotes
/// what the backend wrote.
#[derive(Debug, thiserror::Error)]
pub enum FulfilmentError {
    /// Our certificate, or the backend's authority, cannot be read.
    #[error("cannot read a certificate for the fulfilment backend")]
    Secret(#[from] SecretError),
    /// A certificate or key was read, and is invalid.
    #[error("a certificate for the fulfilment backend is invalid")]
    Pem(#[from] PemError),
    /// The HTTP client cannot be made with these certificates.
    #[error("the fulfilment backend cannot be called with these certificates")]
    Client(#[from] ClientError),
    /// The backend is unavailable, or one side does not trust the other's certificate.
    #[error("the fulfilment backend cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The status of the backend's answer neither accepts nor rejects the order.
    #[error("the fulfilment backend answered {0}")]
    Status(StatusCode),
    /// The backend's answer is too large, or ended early.
    #[error("the fulfilment backend's answer cannot be read")]
    Response(#[from] BodyError),
    /// The backend took longer than 15 seconds.
    #[error("the fulfilment backend took too long")]
    Timeout,
}

impl FulfilmentError {
    /// Whether trying again will hardly help: the backend thinks the request itself wrong. In that case a setting is
    /// wrong, and the order is not rejected because of it. See `docs/reference/api.md#fulfilment-backend`.
    #[must_use]
    pub fn is_configuration_error(&self) -> bool {
        let passing = [408, 409, 425, 429];
        matches!(self, Self::Status(status) if status.is_client_error() && !passing.contains(&status.as_u16()))
    }
}

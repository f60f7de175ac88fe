//! Where orders are sent to.

use reqwest::Url;

use crate::rotation::{CaSource, SecretSource};

/// Where orders are sent to.
#[derive(Clone, Debug, Default)]
pub enum FulfilmentMode {
    /// The stub, on development machines and in processes without the fulfilment function.
    #[default]
    Stub,
    /// The backend of these settings.
    Backend(FulfilmentSettings),
    /// No backend, on the platform: orders wait until one is set.
    NotConfigured,
}

/// How the backend and the worker know each other.
#[derive(Clone, Debug)]
pub struct FulfilmentSettings {
    /// `{ORDERS_FULFILMENT_URL}/fulfilments`; `https` alone.
    pub address: Url,
    /// `ORDERS_FULFILMENT_CLIENT_CERTIFICATE`: the certificate, its chain and its key, PEM.
    pub certificate: SecretSource,
    /// `ORDERS_FULFILMENT_CA`: who alone may vouch for the backend; the public authorities when none.
    pub authority: Option<CaSource>,
}

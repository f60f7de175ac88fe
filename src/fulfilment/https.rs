//! The backend at the other end of mutual TLS: `docs/reference/api.md#fulfilment-backend`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azure_functions_handler::{Outage, TraceContext};
use chrono::{DateTime, Utc};
use reqwest::{Client, StatusCode, Url};

use super::{error::FulfilmentError, request::FulfilmentRequest, settings::FulfilmentSettings};
use crate::{
    clock::Clock,
    https::{self, Roots},
    orders::Order,
    pem::{self, ClientIdentity},
    rotation::{CaCertificates, RefreshingSecret},
    secret::Secret,
    store::Decision,
    telemetry::{Event, Service, call_service, chain},
    vault::Vault,
};

/// How long an order may take to be accepted or refused, reading a rotated certificate included:
/// `docs/reference/api.md#fulfilment-backend`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);

/// The longest answer that is read, in bytes.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// A backend that is asked `POST {ORDERS_FULFILMENT_URL}/fulfilments`.
#[derive(Debug)]
pub struct HttpsBackend {
    address: Url,
    certificate: RefreshingSecret,
    authority: Option<CaCertificates>,
    cached: Mutex<Option<CachedClient>>,
    unavailable: Outage,
    rejecting: Outage,
}

/// The certificates that a client is built from.
#[derive(Clone, Debug)]
struct ClientTls {
    certificate: Arc<Secret>,
    authority: Option<Arc<Secret>>,
}

/// The last client that could be built, and the certificates that were tried last.
#[derive(Debug)]
struct CachedClient {
    attempted: ClientTls,
    client: BackendClient,
}

/// An HTTP client, and when the client certificate that it shows expires.
#[derive(Clone, Debug)]
struct BackendClient {
    client: Client,
    expires_at: Option<DateTime<Utc>>,
}

impl ClientTls {
    fn is_same(&self, other: &Self) -> bool {
        let authority = match (&self.authority, &other.authority) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        authority && Arc::ptr_eq(&self.certificate, &other.certificate)
    }

    fn build_client(&self) -> Result<BackendClient, FulfilmentError> {
        let identity: ClientIdentity = self.certificate.expose().parse()?;
        let roots = match &self.authority {
            Some(authority) => Roots::Only(pem::certificates(authority.expose())?),
            None => Roots::Public,
        };
        let expires_at = identity.expires_at();
        Ok(BackendClient { client: https::mtls_client(roots, identity, TIMEOUT)?, expires_at })
    }
}

impl HttpsBackend {
    pub(super) fn new(settings: FulfilmentSettings, vault: Option<&Vault>) -> Self {
        Self {
            address: settings.address,
            certificate: RefreshingSecret::new(settings.certificate, vault.cloned()),
            authority: settings.authority.map(|source| CaCertificates::new(source, vault.cloned())),
            cached: Mutex::default(),
            unavailable: Outage::new("fulfilment-failed"),
            rejecting: Outage::new("fulfilment-request-rejected"),
        }
    }

    pub(super) async fn send(
        &self,
        order: &Order,
        trace: Option<&TraceContext>,
        now: DateTime<Utc>,
    ) -> Result<Decision, FulfilmentError> {
        let BackendClient { client, .. } = self.current_client(now).await?;
        let mut request = client
            .post(self.address.clone())
            .header("idempotency-key", order.id.to_string())
            .json(&FulfilmentRequest::new(order));
        if let Some(trace) = trace {
            request = request.header("traceparent", trace.as_str());
            if let Some(state) = trace.state() {
                request = request.header("tracestate", state);
            }
        }
        let span_id = trace.map(TraceContext::span_id);
        let answer = call_service(Service::Fulfilment, "POST", span_id, request.send())
            .await
            .map_err(|error| FulfilmentError::Unreachable(error.without_url()))?;
        let decision = match answer.status() {
            status if status.is_success() => Decision::Fulfilled,
            StatusCode::UNPROCESSABLE_ENTITY => Decision::Rejected,
            status => return Err(FulfilmentError::Status(status)),
        };
        // Only a complete response decides; and a connection that was read to its end can be used again.
        https::read_body(answer, MAX_RESPONSE_BYTES).await?;
        Ok(decision)
    }

    /// The backend's decision, or that there is none, which is logged where an outage begins with it.
    pub(super) fn log_outcome(
        &self,
        result: Result<Decision, FulfilmentError>,
    ) -> Result<Decision, FulfilmentError> {
        match &result {
            Ok(_) => {
                self.unavailable.worked();
                self.rejecting.worked();
            }
            Err(error) if error.is_configuration_error() => {
                self.unavailable.worked();
                let begin = || Event::FulfilmentRequestRejected { error }.log();
                self.rejecting.failed(Some(&chain(error)), begin);
            }
            Err(error) => {
                self.rejecting.worked();
                self.unavailable.failed(Some(&chain(error)), || Event::FulfilmentFailed { error }.log());
            }
        }
        result
    }

    pub(super) async fn refresh_certificates(&self, clock: Clock) {
        let authority = async {
            if let Some(authority) = &self.authority {
                authority.keep_fresh(clock).await;
            }
        };
        tokio::join!(self.certificate.keep_fresh(clock), authority);
    }

    pub(super) async fn certificate_expires_at(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, FulfilmentError> {
        self.current_client(now).await.map(|client| client.expires_at)
    }

    /// A client with the certificates of `now`. While a rotated one is broken, half written perhaps, the last good one
    /// stays in use.
    async fn current_client(&self, now: DateTime<Utc>) -> Result<BackendClient, FulfilmentError> {
        let authority = match &self.authority {
            Some(authority) => Some(authority.current(now).await?),
            None => None,
        };
        let trust = ClientTls { certificate: self.certificate.current(now).await?, authority };
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *cached {
            Some(last) if last.attempted.is_same(&trust) => Ok(last.client.clone()),
            Some(last) => {
                match trust.build_client() {
                    Ok(client) => last.client = client,
                    Err(error) => Event::FulfilmentCertificateInvalid { error: &error }.log(),
                }
                last.attempted = trust;
                Ok(last.client.clone())
            }
            none => {
                let client = trust.build_client()?;
                *none = Some(CachedClient { attempted: trust, client: client.clone() });
                Ok(client)
            }
        }
    }
}

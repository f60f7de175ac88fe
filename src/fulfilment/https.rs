//! The backend at the other end of mutual TLS: `docs/reference/api.md#fulfilment-backend`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azure_functions_handler::{Outage, TraceContext};
use chrono::{DateTime, Utc};
use reqwest::{Client, StatusCode, Url};

use super::{request::Request, settings::FulfilmentSettings, undecided::Undecided};
use crate::{
    clock::Clock,
    https::{self, Roots},
    orders::Order,
    pem::{self, ClientIdentity},
    rotation::{CaCertificates, RefreshingSecret},
    secret::Secret,
    store::Decision,
    telemetry::{Event, chain},
    vault::Vault,
};

/// How long an order may take to be accepted or refused, reading a rotated certificate included:
/// `docs/reference/api.md#fulfilment-backend`.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// The longest answer that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// A backend that is asked `POST {ORDERS_FULFILMENT_URL}/fulfilments`.
#[derive(Debug)]
pub struct Https {
    address: Url,
    certificate: RefreshingSecret,
    authority: Option<CaCertificates>,
    ready: Mutex<Option<Ready>>,
    undecided: Outage,
    finds_fault: Outage,
}

/// What a client was made of, or tried to be.
#[derive(Clone, Debug)]
struct Trust {
    certificate: Arc<Secret>,
    authority: Option<Arc<Secret>>,
}

/// The last client that could be made, and what was tried last.
#[derive(Debug)]
struct Ready {
    tried: Trust,
    known: Known,
}

/// A client, and when the certificate ends that it shows.
#[derive(Clone, Debug)]
struct Known {
    client: Client,
    ends: Option<DateTime<Utc>>,
}

impl Trust {
    fn is(&self, other: &Self) -> bool {
        let authority = match (&self.authority, &other.authority) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        authority && Arc::ptr_eq(&self.certificate, &other.certificate)
    }

    fn known(&self) -> Result<Known, Undecided> {
        let identity: ClientIdentity = self.certificate.expose().parse()?;
        let roots = match &self.authority {
            Some(authority) => Roots::Only(pem::certificates(authority.expose())?),
            None => Roots::Public,
        };
        let ends = identity.expires_at();
        Ok(Known { client: https::mtls_client(roots, identity, PATIENCE)?, ends })
    }
}

impl Https {
    pub(super) fn new(settings: FulfilmentSettings, vault: Option<&Vault>) -> Self {
        Self {
            address: settings.address,
            certificate: RefreshingSecret::new(settings.certificate, vault.cloned()),
            authority: settings.authority.map(|source| CaCertificates::new(source, vault.cloned())),
            ready: Mutex::default(),
            undecided: Outage::new("backend-undecided"),
            finds_fault: Outage::new("backend-finds-fault"),
        }
    }

    pub(super) async fn ask(
        &self,
        order: &Order,
        trace: Option<&TraceContext>,
        now: DateTime<Utc>,
    ) -> Result<Decision, Undecided> {
        let Known { client, .. } = self.known(now).await?;
        let mut request = client
            .post(self.address.clone())
            .header("idempotency-key", order.id.to_string())
            .json(&Request::of(order));
        if let Some(trace) = trace {
            request = request.header("traceparent", trace.as_str());
        }
        let answer = request.send().await.map_err(|error| Undecided::Unreachable(error.without_url()))?;
        let decision = match answer.status() {
            status if status.is_success() => Decision::Fulfilled,
            StatusCode::UNPROCESSABLE_ENTITY => Decision::Rejected,
            status => return Err(Undecided::Status(status)),
        };
        // Only who says it to the end has decided; and a connection that was read to its end can be used again.
        https::read_body(answer, LONGEST).await?;
        Ok(decision)
    }

    /// The backend's decision, or that there is none, which is logged where an outage begins with it.
    pub(super) fn seen(&self, asked: Result<Decision, Undecided>) -> Result<Decision, Undecided> {
        match &asked {
            Ok(_) => {
                self.undecided.worked();
                self.finds_fault.worked();
            }
            Err(error) if error.is_our_fault() => {
                self.undecided.worked();
                let begin = || Event::BackendFindsFault { error }.log();
                self.finds_fault.failed(Some(&chain(error)), begin);
            }
            Err(error) => {
                self.finds_fault.worked();
                self.undecided.failed(Some(&chain(error)), || Event::BackendUndecided { error }.log());
            }
        }
        asked
    }

    pub(super) async fn keep_fresh(&self, clock: Clock) {
        let authority = async {
            if let Some(authority) = &self.authority {
                authority.keep_fresh(clock).await;
            }
        };
        tokio::join!(self.certificate.keep_fresh(clock), authority);
    }

    pub(super) async fn certificate_ends(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Undecided> {
        self.known(now).await.map(|known| known.ends)
    }

    /// A client with the certificates of `now`. While a rotated one is broken, half written perhaps, the last good
    /// one goes on.
    async fn known(&self, now: DateTime<Utc>) -> Result<Known, Undecided> {
        let authority = match &self.authority {
            Some(authority) => Some(authority.current(now).await?),
            None => None,
        };
        let trust = Trust { certificate: self.certificate.current(now).await?, authority };
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *ready {
            Some(last) if last.tried.is(&trust) => Ok(last.known.clone()),
            Some(last) => {
                match trust.known() {
                    Ok(known) => last.known = known,
                    Err(error) => Event::BackendCertificateUnfit { error: &error }.log(),
                }
                last.tried = trust;
                Ok(last.known.clone())
            }
            none => {
                let known = trust.known()?;
                *none = Some(Ready { tried: trust, known: known.clone() });
                Ok(known)
            }
        }
    }
}

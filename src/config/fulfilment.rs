//! The backend that carries orders out.

use reqwest::Url;

use super::{Place, given::Given};
use crate::{pem::AuthoritySource, secret::SecretSource};

const URL: &str = "ORDERS_FULFILMENT_URL";
const CERTIFICATE: &str = "ORDERS_FULFILMENT_CLIENT_CERTIFICATE";
const AUTHORITY: &str = "ORDERS_FULFILMENT_CA";

/// Where orders are sent to.
#[derive(Clone, Debug, Default)]
pub enum Fulfilment {
    /// A developer's machine has a stand-in; so has a process that carries no orders out.
    #[default]
    StandIn,
    /// The backend of these settings.
    Backend(FulfilmentSettings),
    /// No backend, on the platform: orders wait until one is set.
    Missing,
}

/// How the backend and the worker know each other.
#[derive(Clone, Debug)]
pub struct FulfilmentSettings {
    /// `{ORDERS_FULFILMENT_URL}/fulfilments`; `https` alone.
    pub address: Url,
    /// `ORDERS_FULFILMENT_CLIENT_CERTIFICATE`: the certificate, its chain and its key, PEM.
    pub certificate: SecretSource,
    /// `ORDERS_FULFILMENT_CA`: who alone may vouch for the backend; the public authorities when none.
    pub authority: Option<AuthoritySource>,
}

/// Who carries orders out, unless a setting that says it is faulty.
pub(super) fn read(given: &mut Given, place: Place) -> Option<Fulfilment> {
    let address = given.optional(URL, address);
    let certificate = given.optional(CERTIFICATE, str::parse::<SecretSource>);
    let authority = given.optional(AUTHORITY, str::parse::<AuthoritySource>);
    if address.is_some() {
        let missing = "is missing: the backend is called with a certificate; set it to a PEM file's path, or to \
                       `keyvault:` and a secret's name";
        given.demand(CERTIFICATE, missing);
    } else if !given.is_set(URL) {
        for name in [CERTIFICATE, AUTHORITY] {
            given.demand_not(name, "is set and ORDERS_FULFILMENT_URL is not: set that too, or remove this");
        }
    }
    given.demand_vault(CERTIFICATE, matches!(certificate, Some(SecretSource::Vault(_))));
    given.demand_vault(AUTHORITY, matches!(authority, Some(AuthoritySource::Kept(SecretSource::Vault(_)))));
    if !given.is_set(URL) {
        return Some(if place == Place::Local { Fulfilment::StandIn } else { Fulfilment::Missing });
    }
    Some(Fulfilment::Backend(FulfilmentSettings { address: address?, certificate: certificate?, authority }))
}

/// Without a user, a query or a fragment: none of them would survive the path that is appended.
fn address(text: &str) -> Result<Url, &'static str> {
    let fault = "is no address of a backend: https://host or https://host/path";
    let url = Url::parse(text).map_err(|_| fault)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare || url.scheme() != "https" {
        return Err(fault);
    }
    Url::parse(&format!("{}/fulfilments", url.as_str().trim_end_matches('/'))).map_err(|_| fault)
}

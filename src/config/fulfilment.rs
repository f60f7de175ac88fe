//! The backend that carries orders out.

use reqwest::Url;

use super::{given::Given, place::Place, value::Invalid};
use crate::{
    fulfilment::{Fulfilment, FulfilmentSettings},
    rotation::{CaSource, SecretSource},
};

const URL: &str = "ORDERS_FULFILMENT_URL";
const CERTIFICATE: &str = "ORDERS_FULFILMENT_CLIENT_CERTIFICATE";
const AUTHORITY: &str = "ORDERS_FULFILMENT_CA";

/// Who carries orders out, unless a setting that says it is faulty.
pub(super) fn read(given: &mut Given, place: Place) -> Option<Fulfilment> {
    let address = given.optional(URL, address);
    let certificate =
        given.optional(CERTIFICATE, |text| text.parse::<SecretSource>().map_err(Invalid::Because));
    let authority = given.optional(AUTHORITY, |text| text.parse::<CaSource>().map_err(Invalid::Because));
    if address.is_some() {
        let missing = "is missing: the worker calls the backend with a client certificate. Set it to the path of a PEM \
                       file, or to `keyvault:` and the name of a secret";
        given.demand(CERTIFICATE, missing);
    } else if !given.is_set(URL) {
        for name in [CERTIFICATE, AUTHORITY] {
            given.demand_not(
                name,
                "is set, but ORDERS_FULFILMENT_URL is not: set that too, or remove this setting",
            );
        }
    }
    given.demand_vault(CERTIFICATE, matches!(certificate, Some(SecretSource::Vault(_))));
    given.demand_vault(AUTHORITY, matches!(authority, Some(CaSource::External(SecretSource::Vault(_)))));
    if !given.is_set(URL) {
        return Some(if place == Place::Local { Fulfilment::StandIn } else { Fulfilment::Missing });
    }
    Some(Fulfilment::Backend(FulfilmentSettings { address: address?, certificate: certificate?, authority }))
}

/// Without a user, a query or a fragment: none of them would survive the path that is appended.
fn address(text: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text).map_err(|_| Invalid::Form)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare || url.scheme() != "https" {
        return Err(Invalid::Form);
    }
    Url::parse(&format!("{}/fulfilments", url.as_str().trim_end_matches('/'))).map_err(|_| Invalid::Form)
}

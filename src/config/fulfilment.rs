//! The backend that carries orders out.

use reqwest::Url;

use super::{env_reader::EnvReader, environment::Environment, value::Invalid};
use crate::{
    fulfilment::{FulfilmentMode, FulfilmentSettings},
    rotation::{CaSource, SecretSource},
};

const URL: &str = "ORDERS_FULFILMENT_URL";
const CERTIFICATE: &str = "ORDERS_FULFILMENT_CLIENT_CERTIFICATE";
const AUTHORITY: &str = "ORDERS_FULFILMENT_CA";

/// Reads the settings of the fulfilment backend; `None` if one of them is invalid.
pub(super) fn read(env: &mut EnvReader, environment: Environment) -> Option<FulfilmentMode> {
    let address = env.optional(URL, address);
    let certificate =
        env.optional(CERTIFICATE, |text| text.parse::<SecretSource>().map_err(Invalid::Because));
    let authority = env.optional(AUTHORITY, |text| text.parse::<CaSource>().map_err(Invalid::Because));
    if address.is_some() {
        let missing = "is missing: the worker calls the backend with a client certificate. Set it to the path of a PEM \
                       file, or to `keyvault:` and the name of a secret";
        env.require(CERTIFICATE, missing);
    } else if !env.is_set(URL) {
        for name in [CERTIFICATE, AUTHORITY] {
            env.forbid(
                name,
                "is set, but ORDERS_FULFILMENT_URL is not: set that too, or remove this setting",
            );
        }
    }
    env.require_vault(CERTIFICATE, matches!(certificate, Some(SecretSource::Vault(_))));
    env.require_vault(AUTHORITY, matches!(authority, Some(CaSource::External(SecretSource::Vault(_)))));
    if !env.is_set(URL) {
        return Some(if environment == Environment::Local {
            FulfilmentMode::Stub
        } else {
            FulfilmentMode::NotConfigured
        });
    }
    Some(FulfilmentMode::Backend(FulfilmentSettings {
        address: address?,
        certificate: certificate?,
        authority,
    }))
}

/// The backend's address, without a user, a query or a fragment, because paths are appended to it.
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

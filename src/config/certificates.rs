//! The certificates that callers show: `docs/reference/identity.md#client-certificates`.

use reqwest::Url;

use super::{
    env_reader::EnvReader,
    environment::Environment,
    value::{self, Invalid},
};
use crate::{
    identity::{AllowedCertificate, CertificateName, CertificateSettings},
    rotation::{CaSource, SecretSource},
};

const MODE: &str = "ORDERS_CLIENT_CERTIFICATE_MODE";
const AUTHORITY: &str = "ORDERS_CLIENT_CERTIFICATE_CA";
const ALLOWED: &str = "ORDERS_CLIENT_CERTIFICATE_ALLOWED";

/// On this plan the front end is not known to ask for certificates:
/// `docs/reference/identity.md#where-they-are-allowed`.
const FLEX_CONSUMPTION: &str = "FlexConsumption";

/// The settings for client certificates, if they are required; otherwise `None`.
pub(super) fn read(env: &mut EnvReader, environment: Environment) -> Option<CertificateSettings> {
    let is_required = env.read(MODE, is_required);
    let authority = env.optional(AUTHORITY, |text| text.parse::<CaSource>().map_err(Invalid::Because));
    let allowed = env.optional(ALLOWED, allowed);
    if is_required == Some(true) {
        env.require(
            AUTHORITY,
            "is missing: set it to the authorities that issue the certificates of callers",
        );
        env.require(
            ALLOWED,
            "is missing: name the certificate of each client, such as `<client id>=partner.example`",
        );
        env.require_vault(AUTHORITY, matches!(authority, Some(CaSource::External(SecretSource::Vault(_)))));
        if environment == Environment::Azure {
            require_certificate_front_end(env);
        }
    } else if is_required == Some(false) {
        for name in [AUTHORITY, ALLOWED] {
            env.forbid(
                name,
                "is set, but ORDERS_CLIENT_CERTIFICATE_MODE is not `required`: set that, or remove this setting",
            );
        }
    }
    is_required?.then_some(CertificateSettings { authority: authority?, allowed: allowed? })
}

/// Without a front end that terminates the callers' TLS, callers could write the certificate header themselves.
fn require_certificate_front_end(env: &mut EnvReader) {
    let is_dedicated = env.is_set("WEBSITE_INSTANCE_ID")
        && env
            .platform_variable("WEBSITE_SKU")
            .is_none_or(|plan| !plan.trim().eq_ignore_ascii_case(FLEX_CONSUMPTION));
    if !is_dedicated {
        env.add_azure_error(
            MODE,
            "must be `off` here, for this plan does not verify that callers hold their certificates: use a plan with \
             clientCertMode (not Flex Consumption), or verify certificates at the gateway",
        );
    }
}

fn is_required(text: &str) -> Result<bool, Invalid> {
    match text {
        "off" => Ok(false),
        "required" => Ok(true),
        _ => Err(Invalid::Form),
    }
}

fn allowed(text: &str) -> Result<Vec<AllowedCertificate>, Invalid> {
    let pair = |pair: &str| {
        let (client, name) = pair.trim_matches(' ').split_once('=')?;
        Some(AllowedCertificate { client: value::guid(client).ok()?, name: parse_certificate_name(name)? })
    };
    let pairs = text.split(',').map(pair).collect::<Option<_>>();
    pairs.ok_or(Invalid::Form)
}

fn parse_certificate_name(text: &str) -> Option<CertificateName> {
    if text.contains(':') {
        let is_uri = text.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(text).is_ok();
        return is_uri.then(|| CertificateName::Uri(text.to_owned()));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_dns = text.len() <= 253
        && text.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(fits));
    is_dns.then(|| CertificateName::Dns(text.to_ascii_lowercase()))
}

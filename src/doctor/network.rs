//! Rules about what the app reaches besides its database: the issuer's clock, the vault, and the certificate that the
//! backend is shown.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use functions_lint::Finding;
use reqwest::header::DATE;

use super::{fail, pass, warn};
use crate::{
    clock::Clock,
    config::Config,
    fulfilment::Backend,
    fulfilment::FulfilmentMode,
    https::{self, Roots, Schemes},
    identity::{IdentityMode, TokenSettings},
    secret::SecretName,
    telemetry::chain,
    vault::{Vault, VaultError},
};

/// How long one DNS query or connection may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Token times are checked with a tolerance of 60 s (issue 5); half of it is time to act.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);
const WARN_ABOVE_SKEW: TimeDelta = TimeDelta::seconds(30);

/// A certificate that expires sooner than this is due for rotation.
const EXPIRY_WARNING: TimeDelta = TimeDelta::days(30);

const ACCESS: &str = "C22-vault-access";

pub(super) async fn rules(config: &Config, clock: Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    match config.identity.as_ref().map(|identity| &identity.mode) {
        Some(IdentityMode::Jwt(tokens) | IdentityMode::EasyAuthAndJwt(tokens)) => {
            findings.push(issuer(tokens, clock).await);
        }
        Some(IdentityMode::EasyAuth { .. }) | None => {}
    }
    let vault = config.vault.as_ref().map(Vault::from_settings);
    match &vault {
        Some(Ok(vault)) => findings.push(check_vault_access(vault, config.secret_name.as_ref()).await),
        Some(Err(error)) => findings.push(fail(ACCESS, "vault", chain(error), "correct KeyVaultUrl")),
        None => {}
    }
    if let FulfilmentMode::Backend(settings) = config.fulfilment.clone() {
        let backend = Backend::new(settings, vault.and_then(Result::ok).as_ref());
        findings.push(certificate(&backend, clock.now()).await);
    }
    findings
}

/// The issuer answers, and its clock and ours agree.
async fn issuer(tokens: &TokenSettings, clock: Clock) -> Finding {
    let (rule, subject) = ("C05-clock-skew", "issuer of tokens");
    let schemes = if tokens.authority.is_http() { Schemes::HttpsAndHttp } else { Schemes::HttpsOnly };
    let unavailable = || {
        let why = "its metadata cannot be fetched, so no token can be verified and calls are answered 503";
        fail(
            rule,
            subject,
            why,
            "check ORDERS_ENTRA_AUTHORITY, and that the app's network lets its calls out",
        )
    };
    let Ok(client) = https::client(Roots::Public, schemes, TIMEOUT) else { return unavailable() };
    let answer = client.get(tokens.authority.metadata_url(tokens.tenant)).send().await;
    let Some(answer) = answer.ok().filter(|answer| answer.status().is_success()) else {
        return unavailable();
    };
    let told = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = told.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return warn(
            rule,
            subject,
            "its answer has no valid Date header, so the clocks cannot be compared",
            "compare this machine's clock by hand",
        );
    };
    let apart = (clock.now() - theirs.to_utc()).abs();
    let why = format!("its clock and this machine's are {} s apart", apart.num_seconds());
    let remedy = "synchronize this machine's clock with a time server";
    if apart > MAX_CLOCK_SKEW {
        return fail(rule, subject, why, remedy);
    }
    if apart > WARN_ABOVE_SKEW {
        return warn(rule, subject, why, remedy);
    }
    pass(rule, subject, why)
}

/// Whether the vault answers the app's identity. A missing secret is no failure: it shows that the vault accepted the
/// identity and answered.
pub async fn check_vault_access(vault: &Vault, name: Option<&SecretName>) -> Finding {
    let Some(name) = name.cloned().or_else(|| "doctor".parse().ok()) else {
        return fail(ACCESS, "vault", "there is no secret name to ask for", "set SecretName");
    };
    match vault.read(&name).await {
        Ok(_) | Err(VaultError::NotFound) => pass(ACCESS, "vault", "it answers the app's identity"),
        Err(error) => fail(
            ACCESS,
            "vault",
            error.to_string(),
            "check the role of the app's identity in the vault, and the vault's network rules",
        ),
    }
}

/// The client certificate that the worker shows to the backend exists, and is valid for some time yet.
async fn certificate(backend: &Backend, now: DateTime<Utc>) -> Finding {
    let (rule, subject) = ("C24-certificate-expiry", "ORDERS_FULFILMENT_CLIENT_CERTIFICATE");
    let ends = match backend.certificate_expires_at(now).await {
        Ok(Some(ends)) => ends,
        Ok(None) => {
            return fail(rule, subject, "its expiry date cannot be read", "set it to a PEM certificate");
        }
        Err(error) => {
            return fail(rule, subject, chain(&error), "set it to certificate, chain and private key as PEM");
        }
    };
    let remedy = "replace it with a new version; the worker reads it without a restart";
    if ends <= now {
        return fail(rule, subject, format!("it expired on {}", ends.date_naive()), remedy);
    }
    let why = format!("it expires on {}, in {} days", ends.date_naive(), (ends - now).num_days());
    if ends - now <= EXPIRY_WARNING { warn(rule, subject, why, remedy) } else { pass(rule, subject, why) }
}

//! Rules about what the app reaches besides its database: the issuer's clock and the vault.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use host_traps::Finding;
use reqwest::header::DATE;

use super::{fail, pass, warn};
use crate::{
    clock::Clock,
    config::{Config, IdentityMode, TokenSettings, VaultSettings},
    https::{self, Roots, Schemes},
    secret::SecretName,
    vault::{Vault, VaultError},
};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tokens are judged with a tolerance of 60 s (issue 5); half of it is time to act.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);
const NOTICE: TimeDelta = TimeDelta::seconds(30);

pub(super) async fn rules(config: &Config, clock: Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    match config.identity.as_ref().map(|identity| &identity.mode) {
        Some(IdentityMode::Jwt(tokens) | IdentityMode::EasyAuthAndJwt(tokens)) => {
            findings.push(issuer(tokens, clock).await);
        }
        Some(IdentityMode::EasyAuth) | None => {}
    }
    if let Some(settings) = &config.vault {
        findings.push(vault(settings, config.secret_name.as_ref()).await);
    }
    findings
}

/// The issuer answers, and its clock and ours agree.
async fn issuer(tokens: &TokenSettings, clock: Clock) -> Finding {
    let (rule, subject) = ("C05-clock-skew", "issuer of tokens");
    let schemes = if tokens.authority.is_plain() { Schemes::AlsoHttp } else { Schemes::Https };
    let away = || {
        let why = "its metadata cannot be had, so no token can be judged, and calls are 503";
        fail(rule, subject, why, "check ORDERS_ENTRA_AUTHORITY and the way out of the app's network")
    };
    let Ok(client) = https::client(Roots::Public, schemes, PATIENCE) else { return away() };
    let answer = client.get(tokens.authority.metadata(tokens.tenant)).send().await;
    let Some(answer) = answer.ok().filter(|answer| answer.status().is_success()) else { return away() };
    let told = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = told.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else {
        return warn(
            rule,
            subject,
            "it does not say what time it is",
            "compare this machine's clock by hand",
        );
    };
    let apart = (clock.now() - theirs.to_utc()).abs();
    let why = format!("its clock and this machine's are {} s apart", apart.num_seconds());
    let remedy = "set this machine's clock by a time server";
    if apart > TOLERANCE {
        return fail(rule, subject, why, remedy);
    }
    if apart > NOTICE {
        return warn(rule, subject, why, remedy);
    }
    pass(rule, subject, why)
}

/// A secret that is not there shows that the vault was asked and answered.
async fn vault(settings: &VaultSettings, name: Option<&SecretName>) -> Finding {
    let (rule, subject) = ("C22-vault-access", "vault");
    let Ok(vault) = Vault::of_this_app(settings) else {
        return fail(rule, subject, "its address cannot be used", "mend KeyVaultUrl");
    };
    let Some(name) = name.cloned().or_else(|| "doctor".parse().ok()) else {
        return fail(rule, subject, "no secret can be asked for", "set SecretName");
    };
    match vault.read(&name).await {
        Ok(_) | Err(VaultError::Missing) => pass(rule, subject, "it answers the app's identity"),
        Err(error) => {
            fail(rule, subject, error.to_string(), "check the identity's role at the vault and its network")
        }
    }
}

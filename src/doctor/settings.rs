//! Rules about settings: what stops the start, and what starts and is still not what a control asks for.

use functions_lint::{Finding, SettingsSource};

use super::{Inputs, backend, fail, limits, pass, warn};
use crate::{
    config::{Config, Environment},
    identity::IdentityMode,
    store::{DatabaseSignIn, DatabaseUrl},
};

const TENANT: &str = "ORDERS_ENTRA_TENANT_ID";

/// The name of the doctor's rule that an error of this setting belongs to.
fn rule_of(setting: &str) -> &'static str {
    match setting {
        "ORDERS_DATABASE_URL" => "C20-database-tls",
        "ORDERS_DATABASE_IDENTITY" | "AZURE_CLIENT_ID" => "C06-managed-identity",
        "WEBSITE_AUTH_ENABLED" | "ORDERS_IDENTITY" => "C04-identity-mode",
        TENANT => "C05-tenant",
        name if name.starts_with("ORDERS_ENTRA_") || name == "ORDERS_REQUIRED_SCOPE" => "C05-tokens",
        name if name.starts_with("ORDERS_CLIENT_CERTIFICATE") => "C08-client-certificates",
        name if name.starts_with("ORDERS_FULFILMENT") => "C09-backend",
        "KeyVaultUrl" | "SecretName" => "C22-vault",
        "ORDERS_RATE_LIMIT" => "C32-rate-limit",
        name if name.starts_with("OTEL_") => "C47-traces",
        _ => "settings",
    }
}

pub(super) fn rules(inputs: &Inputs) -> Vec<Finding> {
    let mut findings = vec![hand_set_authentication(inputs)];
    if let Some(config_errors) = &inputs.config_errors {
        findings.extend(config_errors.iter().map(|error| {
            let rule = if error.message().contains("Key Vault reference") {
                "C23-references"
            } else {
                rule_of(error.setting())
            };
            fail(
                rule,
                error.setting(),
                format!("it {}", error.message()),
                "correct it: the worker does not start with it",
            )
        }));
    }
    if let Some(config) = &inputs.config {
        findings.push(pass("settings", "app settings", "the worker starts with them"));
        findings.push(database(config));
        findings.push(sign_in(config));
        findings.extend(identity(config));
        findings.extend(tenant(config, inputs));
        findings.extend(backend::rule(config, inputs));
        findings.extend(limits::rules(config));
        findings.push(rate(config, inputs));
    }
    findings.extend(storage(inputs));
    findings
}

fn hand_set_authentication(inputs: &Inputs) -> Finding {
    let (rule, name) = ("C04-hand-set-authentication", "WEBSITE_AUTH_ENABLED");
    match (inputs.written, inputs.settings.get(name)) {
        (Some(_), Some(_)) => fail(
            rule,
            name,
            "it is set by hand, so the worker trusts headers that any caller can write",
            "remove it, and turn on App Service Authentication, which sets it",
        ),
        (Some(_), None) => pass(rule, name, "it is not set by hand"),
        (None, _)
            if inputs.config.as_ref().is_some_and(|config| config.environment == Environment::Local) =>
        {
            pass(rule, name, "on a development machine the emulator sets it")
        }
        (None, _) => warn(
            rule,
            name,
            "not checked: the process cannot see who set it",
            "run doctor with --settings and the output of `az functionapp config appsettings list`",
        ),
    }
}

/// Whether the URL would make the server prove who it is is the settings' own rule; a developer may do without.
fn database(config: &Config) -> Finding {
    let rule = "C20-database-tls";
    let url = &config.database.url;
    if config.environment == Environment::Azure || is_verified(url) {
        return pass(rule, "ORDERS_DATABASE_URL", "the worker verifies the server's certificate");
    }
    pass(
        rule,
        "ORDERS_DATABASE_URL",
        "a database without a verified certificate, which only a development machine may use",
    )
}

fn is_verified(url: &DatabaseUrl) -> bool {
    url.as_str().contains("sslmode=verify-full")
}

fn sign_in(config: &Config) -> Finding {
    let (rule, name) = ("C06-managed-identity", "ORDERS_DATABASE_IDENTITY");
    match (config.database.sign_in, config.environment) {
        (DatabaseSignIn::ManagedIdentity { .. }, _) => {
            pass(rule, name, "the app signs in to its database with its managed identity")
        }
        (DatabaseSignIn::Password, Environment::Local) => {
            pass(rule, name, "a development machine has no managed identity")
        }
        (DatabaseSignIn::Password, Environment::Azure) => warn(
            rule,
            name,
            "the app signs in to its database with a password, which must be stored and rotated",
            "set it to `managed`, and name the identity's database role as the user in ORDERS_DATABASE_URL",
        ),
    }
}

fn identity(config: &Config) -> Option<Finding> {
    let (rule, name) = ("C04-identity-mode", "ORDERS_IDENTITY");
    let remedy = "set it to `easyauth+jwt`, the default, or remove it";
    Some(match config.identity.as_ref()?.mode {
        IdentityMode::EasyAuthAndJwt(_) => {
            pass(rule, name, "header and token both identify the caller, and must agree")
        }
        IdentityMode::EasyAuth { .. } => warn(
            rule,
            name,
            "only the header of App Service Authentication identifies the caller: there is no second check",
            remedy,
        ),
        IdentityMode::Jwt(_) => {
            warn(rule, name, "only the token identifies the caller: there is no second check", remedy)
        }
    })
}

/// Which tenant's roles count. In Azure a missing tenant is already an error of the settings.
fn tenant(config: &Config, inputs: &Inputs) -> Option<Finding> {
    let (rule, name) = ("C05-tenant", TENANT);
    let asks = inputs.needs.http || inputs.needs.incoming;
    Some(match config.tenant {
        _ if !asks => return None,
        Some(_) => pass(rule, name, "only users and apps of this tenant may call"),
        None => warn(
            rule,
            name,
            "no tenant is set: roles reach only the orders of their own tenant, no role may administer products and dead \
             letters, and no message can place an order",
            "set it to the id of your tenant",
        ),
    })
}

fn rate(config: &Config, inputs: &Inputs) -> Finding {
    let (rule, name) = ("C32-rate-limit", "ORDERS_RATE_LIMIT");
    if !inputs.needs.http {
        return pass(rule, name, "this app has no callers");
    }
    if let Some(rate) = config.rate_limit {
        return pass(rule, name, format!("each caller has a limit: {rate}"));
    }
    warn(rule, name, "callers have no rate limit", "remove it, or set a rate such as `20/s burst 40`")
}

/// The connections of the host and of the bindings: in Azure the account's name alone, and the app's identity.
fn storage(inputs: &Inputs) -> Vec<Finding> {
    let rule = "C07-storage-identity";
    let in_azure = inputs.written == Some(SettingsSource::Azure)
        || inputs.config.as_ref().is_some_and(|config| config.environment == Environment::Azure);
    let of_bindings = inputs.app.bindings().filter_map(|(_, binding)| binding["connection"].as_str());
    let mut names: Vec<&str> = of_bindings.chain([HOST_STORAGE]).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let holds_a_key = |setting: &String| {
        inputs.settings.get(setting).is_some_and(|value| value.to_lowercase().contains("accountkey="))
    };
    let findings = names.into_iter().map(|name| {
        let whole = [name.to_owned(), format!("AzureWebJobs{name}")].into_iter().find(holds_a_key);
        match whole {
            Some(setting) if in_azure => fail(
                rule,
                &setting,
                "it contains the account key, which gives full access to the storage account",
                managed_identity_remedy(name),
            ),
            _ => pass(rule, name, "the settings contain no account key"),
        }
    });
    findings.collect()
}

/// The connection to the host's own storage, with its packages, keys and locks.
const HOST_STORAGE: &str = "AzureWebJobsStorage";

fn managed_identity_remedy(connection: &str) -> String {
    let service = if connection == HOST_STORAGE { "blobServiceUri" } else { "queueServiceUri" };
    format!("remove it and set {connection}__{service}, __credential and __clientId")
}

//! Environment → settings, once; every error named at once.
//!
//! A setting concerns a process only if a function that it serves needs it; one that no function here needs is
//! not read. A setting that is read is either understood completely or stops the start: no value is accepted and then
//! ignored.

use std::ffi::OsString;

use chrono::Duration;
use uuid::Uuid;

use crate::{
    fulfilment::FulfilmentMode,
    identity::{CertificateSettings, IdentitySettings},
    rate_limit::Rate,
    secret::SecretName,
    store::DatabaseSettings,
    telemetry::{Filter, otlp::OtlpSettings},
    vault::VaultSettings,
};

mod certificates;
mod database;
mod env_reader;
mod environment;
mod errors;
mod fulfilment;
mod identity;
mod needs;
mod otlp;
mod setting;
mod settings;
mod value;
mod vault;

#[cfg(test)]
mod tests;

pub use database::read_database_settings;
pub use environment::Environment;
pub use errors::{ConfigError, ConfigErrors};
pub use needs::ConfigNeeds;
pub use setting::Setting;
pub use settings::SETTINGS;

use env_reader::EnvReader;

/// The settings of a process, checked.
#[derive(Debug)]
pub struct Config {
    /// Where it runs.
    pub environment: Environment,
    /// The port on the loopback address that the Functions host expects it on.
    pub port: u16,
    /// The database that stores orders.
    pub database: DatabaseSettings,
    /// `ORDERS_ENTRA_TENANT_ID`: the only tenant whose people and programs are let in, and whose people a message
    /// may name. Read where [`ConfigNeeds::http`] or [`ConfigNeeds::incoming`] was asked for, and there it is set on the platform;
    /// on a developer's machine without it no role reaches beyond its own tenant, and no message places an order.
    pub tenant: Option<Uuid>,
    /// Which callers the worker accepts; present whenever [`ConfigNeeds::http`] was requested.
    pub identity: Option<IdentitySettings>,
    /// Which certificates callers show, where the platform demands one of every caller; they are not looked at when
    /// none. Read where [`ConfigNeeds::http`] was asked for.
    pub certificates: Option<CertificateSettings>,
    /// Where the worker sends orders to. Read where [`ConfigNeeds::fulfilment`] was asked for.
    pub fulfilment: FulfilmentMode,
    /// `KeyVaultUrl`: the vault of secrets. Read where [`ConfigNeeds::secrets`], [`ConfigNeeds::fulfilment`] or
    /// [`ConfigNeeds::http`] was asked for.
    pub vault: Option<VaultSettings>,
    /// `SecretName`: the secret that is looked up when none is named. Read where [`ConfigNeeds::secrets`] was asked for.
    pub secret_name: Option<SecretName>,
    /// How often one caller may call this process; `None` without a limit, or if no function of the process has
    /// callers.
    pub rate_limit: Option<Rate>,
    /// How long an outbox row may stay open before it is sent again; 1 second to 24 hours.
    pub outbox_deadline: Duration,
    /// `ORDERS_API_DESCRIPTION`: whether callers may read the OpenAPI document.
    pub openapi_enabled: bool,
    /// What is logged.
    pub log_filter: Filter,
    /// What is sent to a collector; `None` if nothing is.
    pub otlp: Option<OtlpSettings>,
}

impl Config {
    /// Reads the settings that concern a process with these needs from its environment.
    ///
    /// # Errors
    /// [`ConfigErrors`], all of them: settings that are unknown, missing, malformed or contradictory, references
    /// that the platform left unresolved, and a place where it is not safe to start.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        needs: ConfigNeeds,
    ) -> Result<Self, ConfigErrors> {
        let mut env = EnvReader::new(variables, needs);
        let environment = env.environment();
        let port = env.port();
        let database = database::read(&mut env, environment);
        let uses_tenant = needs.http || needs.incoming;
        let tenant = uses_tenant.then(|| identity::tenant(&mut env, environment)).flatten();
        let identity = needs.http.then(|| identity::read(&mut env, environment, tenant));
        let certificates = needs.http.then(|| certificates::read(&mut env, environment)).flatten();
        let rate_limit = if needs.http { env.read("ORDERS_RATE_LIMIT", value::rate) } else { Some(None) };
        let fulfilment = if needs.fulfilment {
            fulfilment::read(&mut env, environment)
        } else {
            Some(FulfilmentMode::Stub)
        };
        let reads_vault = needs.secrets || needs.fulfilment || needs.http;
        let vault = reads_vault.then(|| vault::read(&mut env, environment)).flatten();
        let secret_name = needs.secrets.then(|| env.optional("SecretName", vault::secret_name)).flatten();
        let outbox_deadline = env.read("ORDERS_OUTBOX_DEADLINE", value::deadline);
        let openapi_enabled =
            if needs.openapi { env.read("ORDERS_API_DESCRIPTION", value::on_or_off) } else { Some(false) };
        let log_filter = env.read("ORDERS_LOG", value::filter);
        let otlp = otlp::read(&mut env);
        let build = || {
            let identity = identity.map_or(Some(None), |read| read.map(Some))?;
            let (port, database) = (port?, database?);
            Some(Self {
                environment,
                port,
                database,
                tenant,
                identity,
                certificates,
                fulfilment: fulfilment?,
                vault,
                secret_name,
                rate_limit: rate_limit?,
                outbox_deadline: outbox_deadline?,
                openapi_enabled: openapi_enabled?,
                log_filter: log_filter?,
                otlp,
            })
        };
        let config = build();
        let errors = env.finish();
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }
}

//! Environment → settings, once; every fault named at once.
//!
//! A setting concerns a process only if a function that it serves needs it; one that no function here needs is
//! not read. What is read is either understood whole or stops the start: nothing is accepted and ignored.

use std::ffi::OsString;

use chrono::Duration;
use uuid::Uuid;

use crate::{
    fulfilment::Fulfilment,
    identity::{CertificateSettings, IdentitySettings},
    rate_limit::Rate,
    secret::SecretName,
    store::DatabaseSettings,
    telemetry::{Filter, traces::TraceSettings},
    vault::VaultSettings,
};

mod certificates;
mod database;
mod faults;
mod fulfilment;
mod given;
mod identity;
mod needs;
mod place;
mod settings;
mod traces;
mod value;
mod vault;

#[cfg(test)]
mod tests;

pub use database::read_database;
pub use faults::{Fault, Faults};
pub use needs::Needs;
pub use place::Place;
pub use settings::{SETTINGS, Setting};

use given::Given;

/// The settings of a process, checked.
#[derive(Debug)]
pub struct Config {
    /// Where it runs.
    pub place: Place,
    /// The port on the loopback address that the Functions host expects it on.
    pub port: u16,
    /// Where orders are kept.
    pub database: DatabaseSettings,
    /// `ORDERS_ENTRA_TENANT_ID`: the only tenant whose people and programs are let in, and whose people a message
    /// may name. Read where [`Needs::http`] or [`Needs::incoming`] was asked for, and there it is set on the platform;
    /// on a developer's machine without it no role reaches beyond its own tenant, and no message places an order.
    pub tenant: Option<Uuid>,
    /// Which callers it lets in; there whenever [`Needs::http`] was asked for.
    pub identity: Option<IdentitySettings>,
    /// Which certificates callers show, where the platform demands one of every caller; they are not looked at when
    /// none. Read where [`Needs::http`] was asked for.
    pub certificates: Option<CertificateSettings>,
    /// Where it sends orders to. Read where [`Needs::fulfilment`] was asked for.
    pub fulfilment: Fulfilment,
    /// `KeyVaultUrl`: the vault of secrets. Read where [`Needs::secrets`], [`Needs::fulfilment`] or
    /// [`Needs::http`] was asked for.
    pub vault: Option<VaultSettings>,
    /// `SecretName`: the secret that is looked up when none is named. Read where [`Needs::secrets`] was asked for.
    pub secret_name: Option<SecretName>,
    /// How often one caller may call this process; none when there is no limit, or no caller.
    pub rate_limit: Option<Rate>,
    /// How long an outbox row may stay open before it is sent again; 1 second to 24 hours.
    pub outbox_deadline: Duration,
    /// `ORDERS_API_DESCRIPTION`: whether callers may read what the HTTP functions take and give.
    pub described: bool,
    /// What is logged.
    pub log: Filter,
    /// Where spans of invocations are sent; nowhere when none.
    pub traces: Option<TraceSettings>,
}

impl Config {
    /// Reads the settings that concern a process with these needs from its environment.
    ///
    /// # Errors
    /// [`Faults`], all of them: settings that are unknown, missing, malformed or contradictory, references
    /// that the platform left unresolved, and a place where it is not safe to start.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        needs: Needs,
    ) -> Result<Self, Faults> {
        let mut given = Given::new(environment, needs);
        let place = given.place();
        let port = given.port();
        let database = database::read(&mut given, place);
        let people = needs.http || needs.incoming;
        let tenant = people.then(|| identity::tenant(&mut given, place)).flatten();
        let identity = needs.http.then(|| identity::read(&mut given, place, tenant));
        let certificates = needs.http.then(|| certificates::read(&mut given, place)).flatten();
        let rate_limit = if needs.http { given.read("ORDERS_RATE_LIMIT", value::rate) } else { Some(None) };
        let fulfilment =
            if needs.fulfilment { fulfilment::read(&mut given, place) } else { Some(Fulfilment::StandIn) };
        let keeps_secrets = needs.secrets || needs.fulfilment || needs.http;
        let vault = keeps_secrets.then(|| vault::read(&mut given, place)).flatten();
        let secret_name = needs.secrets.then(|| given.optional("SecretName", vault::secret_name)).flatten();
        let outbox_deadline = given.read("ORDERS_OUTBOX_DEADLINE", value::deadline);
        let described =
            if needs.description { given.read("ORDERS_API_DESCRIPTION", value::switch) } else { Some(false) };
        let log = given.read("ORDERS_LOG", value::filter);
        let traces = traces::read(&mut given);
        let whole = || {
            let identity = identity.map_or(Some(None), |read| read.map(Some))?;
            let (port, database) = (port?, database?);
            Some(Self {
                place,
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
                described: described?,
                log: log?,
                traces,
            })
        };
        let config = whole();
        let faults = given.finish();
        config.filter(|_| faults.is_empty()).ok_or(faults)
    }
}

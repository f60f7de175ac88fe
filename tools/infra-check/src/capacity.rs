//! How many connections the two apps can open at once, and how many the database accepts.

use std::fmt;

use crate::{deployment::Deployment, value::Value};

/// Connections that the server keeps for itself and its administrators.
pub const RESERVED_CONNECTIONS: i64 = 15;

/// The connections of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionDemand {
    /// `api` or `processor`.
    pub app: String,
    /// `ORDERS_DATABASE_POOL`.
    pub pool: i64,
    /// The most instances of one scale group.
    pub instances: i64,
    /// Groups that scale apart: all HTTP functions together, each other function for itself.
    pub groups: i64,
}

/// A number that the calculation needs is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be read off the deployment")]
pub struct MissingNumber(String);

impl ConnectionDemand {
    /// pool × instances × groups.
    #[must_use]
    pub fn connections(&self) -> i64 {
        self.pool * self.instances * self.groups
    }
}

impl fmt::Display for ConnectionDemand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, pool, instances, groups } = self;
        write!(out, "{app}: {pool} x {instances} x {groups} = {}", self.connections())
    }
}

/// The number of connections that both apps can open. `others` is the number of functions without a route, each of
/// which scales for itself.
///
/// # Errors
/// When the size of a pool or a number of instances is missing.
pub fn connection_demands(
    deployment: &Deployment,
    others: i64,
) -> Result<[ConnectionDemand; 2], MissingNumber> {
    Ok([demand(deployment, "api", 1)?, demand(deployment, "processor", others)?])
}

/// The default limit of a server, which ours has (Azure Database for PostgreSQL, "Limits": by vCores and memory).
const DEFAULTS: [(&str, i64); 3] = [("Standard_B1ms", 50), ("Standard_B2s", 429), ("Standard_D2ds_v5", 859)];

/// The number of connections that the server accepts from the apps.
///
/// # Errors
/// When its size is not known here, or `max_connections` is set after all.
pub fn available_connections(deployment: &Deployment) -> Result<i64, MissingNumber> {
    let unreadable = || MissingNumber("max_connections".to_owned());
    if deployment.resources.iter().any(|one| one.name.ends_with("/max_connections")) {
        return Err(unreadable());
    }
    let server = deployment
        .resources_of_type("Microsoft.DBforPostgreSQL/flexibleServers")
        .next()
        .ok_or_else(unreadable)?;
    let size = server.body.at("sku.name").and_then(Value::text).ok_or_else(unreadable)?;
    let known = DEFAULTS.iter().find(|(name, _)| *name == size);
    known.map(|(_, most)| most - RESERVED_CONNECTIONS).ok_or_else(unreadable)
}

fn demand(deployment: &Deployment, app: &str, groups: i64) -> Result<ConnectionDemand, MissingNumber> {
    let missing = |what: &str| MissingNumber(format!("{what} of {app}"));
    let find = |kind: &str, name: &str| {
        deployment.resources.iter().find(|one| one.kind == kind && one.name.starts_with(name))
    };
    let site = find("Microsoft.Web/sites", &format!("func-{app}-")).ok_or_else(|| missing("the app"))?;
    let farm =
        find("Microsoft.Web/serverfarms", &format!("plan-{app}-")).ok_or_else(|| missing("the plan"))?;
    let settings = format!("{}/appsettings", site.name);
    let pool = find("Microsoft.Web/sites/config", &settings)
        .and_then(|one| one.body.at("properties.ORDERS_DATABASE_POOL"));
    let pool =
        pool.and_then(Value::text).and_then(|text| text.parse().ok()).ok_or_else(|| missing("the pool"))?;
    let flex = site.body.at("properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount");
    let (instances, groups) = match (flex, farm.body.at("sku.capacity")) {
        (Some(Value::Int(instances)), _) => (*instances, groups),
        // On a dedicated plan every function of the app runs in each of its workers.
        (None, Some(Value::Int(workers))) => (*workers, 1),
        _ => return Err(missing("the number of instances")),
    };
    Ok(ConnectionDemand { app: app.to_owned(), pool, instances, groups })
}

//! Where orders are kept.

use std::fmt;

use super::{Place, given::Given, value};

/// The database and how it is used.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Which one; its scheme names the engine.
    pub url: DatabaseUrl,
    /// Connections of this process, 1 to 100.
    pub pool: u32,
}

/// The address of a database. It may hold a password, so only [`Self::as_str`] shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The whole address, for the driver alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://…", self.0.split(':').next().unwrap_or_default())
    }
}

pub(super) fn read(given: &mut Given, place: Place) -> Option<DatabaseSettings> {
    let name = "ORDERS_DATABASE_URL";
    let url = match place {
        Place::Local => given.read(name, local),
        Place::Platform => {
            given.demand(name, "is missing: on the platform set it to a postgres:// URL");
            given.optional(name, platform)
        }
    };
    let pool = given.read("ORDERS_DATABASE_POOL", value::pool);
    Some(DatabaseSettings { url: url?, pool: pool? })
}

fn local(text: &str) -> Result<DatabaseUrl, &'static str> {
    let fault = "is no URL of a database: `sqlite://` and the path of a file";
    if is_postgres(text) {
        return Err(
            "names PostgreSQL, which this version does not speak; use sqlite:// and the path of a file",
        );
    }
    let path = text.strip_prefix("sqlite://").ok_or(fault)?;
    let is_file = !path.is_empty() && !path.starts_with(':') && !path.contains(['?', '#']);
    if is_file { Ok(DatabaseUrl(text.to_owned())) } else { Err(fault) }
}

fn platform(text: &str) -> Result<DatabaseUrl, &'static str> {
    if text.starts_with("sqlite:") {
        Err("names SQLite, whose file the platform would lose; set it to a postgres:// URL")
    } else if is_postgres(text) {
        Err("names PostgreSQL, which this version does not speak; it runs on a developer's machine only")
    } else {
        Err("is no URL of a database: it begins with postgres://")
    }
}

fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

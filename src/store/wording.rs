//! What the log and the commands say about an error of the database.

use std::fmt::{Display, Formatter, Result};

use sqlx::{Error, error::DatabaseError, migrate::MigrateError, postgres::PgDatabaseError};

/// Why a unit of work could not be done, for people.
pub(super) struct Unavailable<'e>(pub(super) &'e Error);

impl Display for Unavailable<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let subject = match self.0 {
            Error::Database(_) | Error::Migrate(_) => "the database refuses",
            _ => "the database does not answer",
        };
        write!(formatter, "{subject}: {}", Wording(self.0))
    }
}

/// An error in the server's own words, with its code. The driver would add the line of the server's source.
pub(super) struct Wording<'e>(pub(super) &'e Error);

impl Display for Wording<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self.0 {
            Error::Database(error) => answered(&**error, formatter),
            Error::Migrate(error) => match &**error {
                MigrateError::Execute(error) => Self(error).fmt(formatter),
                MigrateError::ExecuteMigration(error, version) => {
                    write!(formatter, "migration {version}: {}", Self(error))
                }
                other => other.fmt(formatter),
            },
            other => other.fmt(formatter),
        }
    }
}

fn answered(error: &dyn DatabaseError, formatter: &mut Formatter<'_>) -> Result {
    match error.try_downcast_ref::<PgDatabaseError>() {
        Some(error) => write!(formatter, "{} (SQLSTATE {})", error.message(), error.code()),
        None => write!(formatter, "{error}"),
    }
}

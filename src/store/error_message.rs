//! Messages of database errors, for the log and the commands.

use std::fmt::{Display, Formatter, Result};

use sqlx::{Error, error::DatabaseError, migrate::MigrateError, postgres::PgDatabaseError};

use super::timeouts::POOL_TIMEOUT;

/// Why a unit of work failed, for people.
pub(super) struct UnavailableMessage<'e>(pub(super) &'e Error);

impl Display for UnavailableMessage<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let subject = match self.0 {
            Error::Database(_) | Error::Migrate(_) => "the database refuses",
            _ => "the database does not answer",
        };
        write!(formatter, "{subject}: {}", ErrorMessage(self.0))
    }
}

/// The message of an error, with its SQLSTATE. Leaves out the source locations that the driver adds.
pub(super) struct ErrorMessage<'e>(pub(super) &'e Error);

impl Display for ErrorMessage<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self.0 {
            Error::Database(error) => write_database_error(&**error, formatter),
            Error::Migrate(error) => match &**error {
                MigrateError::Execute(error) => Self(error).fmt(formatter),
                MigrateError::ExecuteMigration(error, version) => {
                    write!(formatter, "migration {version}: {}", Self(error))
                }
                other => other.fmt(formatter),
            },
            Error::Io(error) => error.fmt(formatter),
            Error::PoolTimedOut => {
                write!(formatter, "no connection became free within {} s", POOL_TIMEOUT.as_secs())
            }
            Error::Protocol(text) => formatter.write_str(strip_source_location(text)),
            other => other.fmt(formatter),
        }
    }
}

/// The driver writes `what is wrong (module::path:line)`.
fn strip_source_location(text: &str) -> &str {
    match text.rsplit_once(" (") {
        Some((said, place)) if place.ends_with(')') && place.contains("::") => said,
        _ => text,
    }
}

fn write_database_error(error: &dyn DatabaseError, formatter: &mut Formatter<'_>) -> Result {
    match error.try_downcast_ref::<PgDatabaseError>() {
        Some(error) => write!(formatter, "{} (SQLSTATE {})", error.message(), error.code()),
        None => write!(formatter, "{error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn error_messages_omit_driver_details() {
        for (error, told) in [
            (Error::Protocol("no column 3 (sqlx_postgres::message::data_row:51)".to_owned()), "no column 3"),
            (Error::Protocol("a row (of two)".to_owned()), "a row (of two)"),
            (Error::Io(io::Error::other("another call holds it")), "another call holds it"),
            (Error::PoolTimedOut, "no connection became free within 2 s"),
        ] {
            assert_eq!(ErrorMessage(&error).to_string(), told);
        }
    }
}

//! What the log and the commands say about an error of the database.

use std::fmt::{Display, Formatter, Result};

use sqlx::{Error, error::DatabaseError, migrate::MigrateError, postgres::PgDatabaseError};

use super::timeouts::POOL_WAIT;

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

/// An error in the server's own words, with its code. The driver would add lines of the server's source and of its own.
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
            Error::Io(error) => error.fmt(formatter),
            Error::PoolTimedOut => {
                write!(formatter, "no connection became free within {} s", POOL_WAIT.as_secs())
            }
            Error::Protocol(text) => formatter.write_str(without_source(text)),
            other => other.fmt(formatter),
        }
    }
}

/// The driver writes `what is wrong (module::path:line)`.
fn without_source(text: &str) -> &str {
    match text.rsplit_once(" (") {
        Some((said, place)) if place.ends_with(')') && place.contains("::") => said,
        _ => text,
    }
}

fn answered(error: &dyn DatabaseError, formatter: &mut Formatter<'_>) -> Result {
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
    fn an_error_is_told_without_the_drivers_own_words() {
        for (error, told) in [
            (Error::Protocol("no column 3 (sqlx_postgres::message::data_row:51)".to_owned()), "no column 3"),
            (Error::Protocol("a row (of two)".to_owned()), "a row (of two)"),
            (Error::Io(io::Error::other("another call holds it")), "another call holds it"),
            (Error::PoolTimedOut, "no connection became free within 2 s"),
        ] {
            assert_eq!(Wording(&error).to_string(), told);
        }
    }
}

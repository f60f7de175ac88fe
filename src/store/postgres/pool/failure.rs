//! What a failure says about a connection, and what it says to those who have none.

use std::{
    borrow::Cow,
    error::Error as StdError,
    fmt::{self, Display, Formatter},
    io,
    sync::Arc,
};

use sqlx::{
    Error,
    error::{DatabaseError, ErrorKind},
    postgres::{PgDatabaseError, PgSeverity},
};

use crate::store::{timeouts::STATEMENT, wording::Wording};

/// What becomes of a connection after a statement failed on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The server answered, and goes on: it can be used again once the answer was read to its end.
    Good,
    /// Its prepared statements are out of date.
    OutdatedPlans,
    /// It may only read.
    ReadOnly,
    /// The server does not let it do its work: a transaction was left open on it.
    Unfit,
    /// It is over, or its state is unknown.
    Over,
}

/// `read_only_sql_transaction`, of PostgreSQL's appendix A.
const READ_ONLY: &str = "25006";

/// The codes are of PostgreSQL's appendix A.
pub(super) fn verdict(error: &Error) -> Verdict {
    let Error::Database(answer) = error else { return Verdict::Over };
    let severity = answer.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    match answer.code().as_deref() {
        // feature_not_supported: "cached plan must not change result type"; invalid_sql_statement_name.
        Some("0A000" | "26000") => Verdict::OutdatedPlans,
        Some(READ_ONLY) => Verdict::ReadOnly,
        // invalid_transaction_state.
        Some(code) if code.starts_with("25") => Verdict::Unfit,
        _ if severity == Some(PgSeverity::Error) => Verdict::Good,
        _ => Verdict::Over,
    }
}

/// Whether only a person cures the reason for which a login failed: who signs in, how, or to what.
pub(super) fn is_lasting(error: &Error) -> bool {
    match error {
        Error::Configuration(_) | Error::Tls(_) => true,
        Error::Database(answer) => answer.code().is_some_and(|code| {
            let invalid_catalog_name = "3D000";
            code.starts_with("28") || code == invalid_catalog_name
        }),
        _ => false,
    }
}

/// The code of a database's answer.
pub(in crate::store::postgres) fn sqlstate(error: &Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// Whether the server says so with this SQLSTATE.
pub(in crate::store::postgres) fn is_of_code(error: &Error, code: &str) -> bool {
    sqlstate(error).as_deref() == Some(code)
}

/// An answer that is none.
pub(super) fn unreadable() -> Error {
    Error::Protocol("the server's answer cannot be read".to_owned())
}

/// A statement was sent, and nothing came.
pub(super) fn silent() -> Error {
    let said = format!("the server did not answer a statement within {} s", STATEMENT.as_secs());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, said))
}

/// Why a statement was not even sent.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// A login failed; all who waited for it hear the same.
    Failed(Arc<Error>),
    /// The server takes connections, or seems to, and then says nothing.
    NoAnswer,
    /// The server lets no connection write.
    ReadOnly,
}

impl Display for NoConnection {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => match &**error {
                Error::Tls(source) | Error::Configuration(source) => source.fmt(formatter),
                other => Wording(other).fmt(formatter),
            },
            Self::NoAnswer => formatter.write_str("the server does not answer to a login"),
            Self::ReadOnly => write!(formatter, "{} (SQLSTATE {READ_ONLY})", self.message()),
        }
    }
}

impl StdError for NoConnection {}

/// Code and message of the server's answer are passed on, so that it reads as it did to the login.
impl DatabaseError for NoConnection {
    fn message(&self) -> &str {
        match self {
            Self::Failed(error) => error.as_database_error().map_or("", DatabaseError::message),
            Self::NoAnswer => "",
            Self::ReadOnly => "the server is read-only",
        }
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Failed(error) => sqlstate(error),
            Self::NoAnswer => None,
            Self::ReadOnly => Some(READ_ONLY.into()),
        }
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A login that was not answered in time.
pub(super) fn no_answer() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, NoConnection::NoAnswer))
}

/// A write that is not sent, for the server takes none.
pub(super) fn read_only() -> Error {
    Error::Database(Box::new(NoConnection::ReadOnly))
}

/// The error of a login, for one of those who waited for it.
pub(super) fn shared(error: &Arc<Error>) -> Error {
    let failed = NoConnection::Failed(Arc::clone(error));
    match &**error {
        Error::Io(source) => Error::Io(io::Error::new(source.kind(), failed)),
        Error::Database(_) => Error::Database(Box::new(failed)),
        Error::Tls(_) => Error::Tls(Box::new(failed)),
        Error::Configuration(_) => Error::Configuration(Box::new(failed)),
        _ => Error::Io(io::Error::other(failed)),
    }
}

/// Whether a statement failed before it was sent, for want of a connection. Its caller has waited for one already.
pub(in crate::store::postgres) fn is_without_connection(error: &Error) -> bool {
    match error {
        Error::PoolTimedOut | Error::PoolClosed => true,
        Error::Io(source) => source.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<NoConnection>),
        Error::Database(source) => source.try_downcast_ref::<NoConnection>().is_some(),
        Error::Tls(source) | Error::Configuration(source) => source.is::<NoConnection>(),
        _ => false,
    }
}

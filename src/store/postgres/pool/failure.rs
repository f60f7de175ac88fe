//! What an error means for its connection, and the errors of callers without one.

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

use crate::store::{error_message::ErrorMessage, timeouts::STATEMENT_TIMEOUT};

/// The state of a connection after an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ConnectionState {
    /// The server responded: the connection can be used again once the response was read to its end.
    Usable,
    /// The connection's prepared statements are out of date.
    OutdatedPlans,
    /// It may only read.
    ReadOnly,
    /// A transaction was left open on it.
    InTransaction,
    /// The connection is closed, or its state is unknown.
    Broken,
}

/// `read_only_sql_transaction`, of PostgreSQL's appendix A.
const READ_ONLY: &str = "25006";

/// The codes are of PostgreSQL's appendix A.
pub(super) fn state_after(error: &Error) -> ConnectionState {
    let Error::Database(answer) = error else { return ConnectionState::Broken };
    let severity = answer.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    match answer.code().as_deref() {
        // feature_not_supported: "cached plan must not change result type"; invalid_sql_statement_name.
        Some("0A000" | "26000") => ConnectionState::OutdatedPlans,
        Some(READ_ONLY) => ConnectionState::ReadOnly,
        // invalid_transaction_state.
        Some(code) if code.starts_with("25") => ConnectionState::InTransaction,
        _ if severity == Some(PgSeverity::Error) => ConnectionState::Usable,
        _ => ConnectionState::Broken,
    }
}

/// Whether a failed login needs a person to fix it: wrong credentials, wrong TLS, no such database.
pub(super) fn is_permanent(error: &Error) -> bool {
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

/// Whether the server reports this with the SQLSTATE.
pub(in crate::store::postgres) fn has_sqlstate(error: &Error, code: &str) -> bool {
    sqlstate(error).as_deref() == Some(code)
}

/// A malformed response.
pub(super) fn malformed_response() -> Error {
    Error::Protocol("the server's answer cannot be read".to_owned())
}

/// A statement was sent, and no response came.
pub(super) fn statement_timeout() -> Error {
    let said = format!("the server did not answer a statement within {} s", STATEMENT_TIMEOUT.as_secs());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, said))
}

/// Why a statement was not sent.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// A login failed; all callers that waited for it get the same error.
    Failed(Arc<Error>),
    /// The server accepts connections, or seems to, and then sends nothing.
    LoginTimeout,
    /// The server lets no connection write.
    ReadOnly,
}

impl Display for NoConnection {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => match &**error {
                Error::Tls(source) | Error::Configuration(source) => source.fmt(formatter),
                other => ErrorMessage(other).fmt(formatter),
            },
            Self::LoginTimeout => formatter.write_str("the server does not answer to a login"),
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
            Self::LoginTimeout => "",
            Self::ReadOnly => "the server is read-only",
        }
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Failed(error) => sqlstate(error),
            Self::LoginTimeout => None,
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
pub(super) fn login_timeout() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, NoConnection::LoginTimeout))
}

/// A write that is not sent, because the server is read-only.
pub(super) fn read_only() -> Error {
    Error::Database(Box::new(NoConnection::ReadOnly))
}

/// The error of a login, for one of the callers that waited for it.
pub(super) fn shared_error(error: &Arc<Error>) -> Error {
    let failed = NoConnection::Failed(Arc::clone(error));
    match &**error {
        Error::Io(source) => Error::Io(io::Error::new(source.kind(), failed)),
        Error::Database(_) => Error::Database(Box::new(failed)),
        Error::Tls(_) => Error::Tls(Box::new(failed)),
        Error::Configuration(_) => Error::Configuration(Box::new(failed)),
        _ => Error::Io(io::Error::other(failed)),
    }
}

/// Whether a statement failed before it was sent, without a connection. The caller has already waited for one
/// connection.
pub(in crate::store::postgres) fn is_connection_error(error: &Error) -> bool {
    match error {
        Error::PoolTimedOut | Error::PoolClosed => true,
        Error::Io(source) => source.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<NoConnection>),
        Error::Database(source) => source.try_downcast_ref::<NoConnection>().is_some(),
        Error::Tls(source) | Error::Configuration(source) => source.is::<NoConnection>(),
        _ => false,
    }
}

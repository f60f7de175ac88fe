//! The state of a database, as `doctor` reports it.

/// Schema and privileges of a database.
#[derive(Clone, Copy, Debug)]
pub struct Inspection {
    /// Whether the schema fits this version.
    pub schema: SchemaState,
    /// Privileges of the login; none on SQLite, which has no logins.
    pub privileges: Option<LoginPrivileges>,
}

/// Whether a schema fits this version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SchemaState {
    /// It is new enough; a file that is not there yet is made when the worker starts.
    Current,
    /// It is older, or not there.
    Outdated,
    /// Its tables have text columns, as they were before the first release.
    TextColumns,
}

/// What a login may do.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub struct LoginPrivileges {
    /// The connection is encrypted.
    pub encrypted: bool,
    /// The login owns the tables, or may do anything on the server.
    pub owner: bool,
    /// The login has the privileges of the api app.
    pub api: bool,
    /// The login has the privileges of the processor app.
    pub processor: bool,
}

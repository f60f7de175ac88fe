//! The state of a database, as `doctor` reports it.

/// Schema and privileges of a database.
#[derive(Clone, Copy, Debug)]
pub struct Inspection {
    /// Whether the schema is new enough; a file that is not there yet is made when the worker starts.
    pub schema_is_current: bool,
    /// Privileges of the login; none on SQLite, which has no logins.
    pub privileges: Option<LoginPrivileges>,
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

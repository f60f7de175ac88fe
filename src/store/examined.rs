//! What a look at a database shows.

/// What a look at the database showed.
#[derive(Clone, Copy, Debug)]
pub struct Examined {
    /// Whether the schema is new enough; a file that is not there yet is made when the worker starts.
    pub current: bool,
    /// What holds for the login, on an engine that has logins.
    pub rights: Option<Rights>,
}

/// What a login is, and may do.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub struct Rights {
    /// Its connection is encrypted.
    pub encrypted: bool,
    /// It owns the tables, or may do anything on the server.
    pub owner: bool,
    /// It has the rights of the api.
    pub api: bool,
    /// It has the rights of the processor.
    pub processor: bool,
}

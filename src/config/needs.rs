//! Which settings concern a process.

/// What the functions of a process ask of its settings.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and any may go with any")]
pub struct Needs {
    /// It serves HTTP functions that identify their callers.
    pub http: bool,
    /// It serves the function that describes the others.
    pub openapi: bool,
    /// It serves a function that calls the fulfilment backend.
    pub fulfilment: bool,
    /// It serves a function that takes orders for an owner named in a message.
    pub incoming: bool,
    /// It serves a function that looks secrets up.
    pub secrets: bool,
}

//! Which settings concern a process.

/// What the functions of a process ask of its settings.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and any may go with any")]
pub struct ConfigNeeds {
    /// Whether the process serves HTTP functions that authenticate their callers.
    pub http: bool,
    /// Whether the process serves the OpenAPI document.
    pub openapi: bool,
    /// Whether the process serves a function that calls the fulfilment backend.
    pub fulfilment: bool,
    /// Whether the process serves a function that takes orders for an owner named in a message.
    pub incoming: bool,
    /// Whether the process serves a function that reads secrets of the vault.
    pub secrets: bool,
}

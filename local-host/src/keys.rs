//! Function, host and master keys (protocol sheet §6).

/// The keys of an app.
#[derive(Clone, Debug, Default)]
pub struct Keys {}

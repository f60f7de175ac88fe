//! Who one can be: tenant, audience, people and apps with their roles, from a file of the app.

/// The app's made-up directory.
#[derive(Clone, Debug)]
pub struct People {}

//! Secrets and certificates that change while the process runs: where a setting says they are kept, and the newest of
//! them.

mod authorities;
mod kept;
mod source;

pub use authorities::{Authorities, AuthoritySource};
pub use kept::Kept;
pub use source::{SecretError, SecretSource};

//! Secrets and certificates that change while the process runs: where a setting says they are, and the newest of
//! them.

mod ca_certificates;
mod refreshing_secret;
mod source;

pub use ca_certificates::{CaCertificates, CaSource};
pub use refreshing_secret::RefreshingSecret;
pub use source::{SecretError, SecretSource};

//! Secrets and certificates that may change while the process runs: where a setting says that they are stored, and
//! their newest value.

mod ca_certificates;
mod refreshing_secret;
mod source;

pub use ca_certificates::{CaCertificates, CaSource};
pub use refreshing_secret::RefreshingSecret;
pub use source::{SecretError, SecretSource};

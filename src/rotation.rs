//! Secrets and certificates that change while the process runs: their source in a setting, and their newest value.

mod ca_certificates;
mod refreshing_secret;
mod source;

pub use ca_certificates::{CaCertificates, CaSource};
pub use refreshing_secret::RefreshingSecret;
pub use source::{SecretError, SecretSource};

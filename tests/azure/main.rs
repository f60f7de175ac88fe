//! Secrets and tokens from services that speak the real protocols, over real TLS.
#![expect(clippy::unwrap_used, reason = "what helps a test may fail as the test may")]

mod developer;
mod doctor;
mod function;
mod refreshing_secret;
mod platform;
mod read_secret;
mod vault_errors;
mod rotation;
mod unresponsive_vault;
mod tokens;
mod world;

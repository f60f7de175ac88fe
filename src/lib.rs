//! An Azure Functions custom handler that takes, authorises, stores and fulfils orders.

pub mod clock;
pub mod config;
pub mod identity;
pub mod orders;
pub mod policy;
pub mod telemetry;

//! An Azure Functions custom handler that takes, authorises, stores and fulfils orders.

pub mod host;

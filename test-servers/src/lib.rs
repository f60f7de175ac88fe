//! Real servers for tests, on loopback and free ports, installed, started and stopped by the tests themselves. A
//! server that cannot be had is an error that says how to get it, never a test left out.

pub mod azurite;

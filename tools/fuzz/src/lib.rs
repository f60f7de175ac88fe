//! Hostile input at scale. A [`FuzzTarget`](targets::FuzzTarget) is a plain function over bytes that calls a decoder of the
//! worker through the crate's public interface, and panics where a law does not hold. A
//! [`Campaign`](campaign::Campaign) varies the [`corpus`] and whatever takes a path that no input took before.
//!
//! Coverage is guided by the targets' own tale of their path, not by the compiler: that needs no nightly toolchain and
//! no instrumented build, so the same engine runs in every test run and for hours by command.

pub mod campaign;
pub mod corpus;
mod mutate;
mod panics;
pub mod targets;

//! Orders, products and what becomes of them. Knows nothing of HTTP, SQL or Azure, and has no clock.

pub mod actor;

pub use actor::{Actor, ActorKind, Owner};

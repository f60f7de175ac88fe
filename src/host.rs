//! What the Functions host sends and wants back, for any app: two entrances, one kind of call.
//!
//! Functions with one `httpTrigger` and one `http` output arrive as the real request ([`direct`]), all else as
//! `POST /<FunctionName>` with `{Data, Metadata}` ([`envelope`]). [`guard`] turns away what only pretends to
//! come from the host; [`run`] puts a deadline, a panic guard and one log line around every invocation.

pub mod binding;
pub mod call;
pub mod direct;
pub mod envelope;
pub mod function;
pub mod guard;
pub mod route;
pub mod run;
pub mod served;
pub mod server;

pub use call::{Answer, Body, BodyError, Call, Delivery, Invocation, Output, Retry, Tick};
pub use function::{Function, Running, Trigger};
pub use server::{Host, Limits, Refusal};

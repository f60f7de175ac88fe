//! What the Functions host sends and wants back, for any app: two entrances, one kind of call.
//!
//! Functions with one `httpTrigger` and one `http` output arrive as the real request (`direct`), all else as
//! `POST /<FunctionName>` with `{Data, Metadata}` (`envelope`). `guard` turns away what only pretends to
//! come from the host; `run` puts a deadline, a panic guard and one log line around every invocation.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod answer;
pub mod binding;
pub mod body;
pub mod call;
mod concurrency;
mod connection;
mod direct;
mod envelope;
pub mod event;
pub mod function;
mod guard;
mod ids;
mod listener;
mod outage;
pub mod route;
mod run;
pub mod served;
pub mod server;

pub use body::{Body, BodyError};
pub use call::{Answer, Call, Delivery, Invocation, Output, Retry, Tick};
pub use concurrency::{CallerId, Concurrency, ConcurrencyLimits, Refused, RequestSlot, TooManyRunning};
pub use function::{Function, OnCall, OnDelivery, OnTick, Running, Trigger};
pub use listener::listen;
pub use outage::Outage;
pub use run::{PARENT_SPAN_ID, SPAN_ID};
pub use served::served;
pub use server::{Host, InProcess, Limits, Refusal};

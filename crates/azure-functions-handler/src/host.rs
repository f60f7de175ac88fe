//! The interface that was here before [`Functions`](crate::Functions): handlers take a [`Call`] and give an [`Answer`].

mod answer;
pub mod call;
mod direct;
mod envelope;
pub mod function;
mod run;
pub mod served;
pub mod server;

pub use crate::{
    Body, BodyError, CallerId, Concurrency, ConcurrencyLimits, Invocation, Outage, PARENT_SPAN_ID, Refused,
    RequestSlot, SPAN_ID, TooManyRunning, binding, body, event, listen, route,
};
pub use call::{Answer, Call, Delivery, Output, Retry, Tick};
pub use function::{Function, OnCall, OnDelivery, OnTick, Running, Trigger};
pub use served::served;
pub use server::{Host, InProcess, Limits, Refusal};

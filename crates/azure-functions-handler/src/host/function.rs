//! What an app hands to the host: its functions, each with its trigger and handler.

use std::{pin::Pin, sync::Arc};

use http::Method;

use super::{Answer, Call, Delivery, Output, Retry, Tick};

/// A handler at work.
pub type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Answers an HTTP call.
pub type OnCall<A> = fn(Arc<A>, Call) -> Running<Answer>;
/// Takes a queue message.
pub type OnDelivery<A> = fn(Arc<A>, Delivery) -> Running<Result<(), Retry>>;
/// Does what a timer is for, and gives messages for the function's queue outputs.
pub type OnTick<A> = fn(Arc<A>, Tick) -> Running<Result<Vec<Output>, Retry>>;

/// One function: the folder of the same name holds its function.json.
pub struct Function<A> {
    /// The folder's name.
    pub name: &'static str,
    /// What starts it, and what then runs.
    pub trigger: Trigger<A>,
    /// Names of its queue out bindings, with their queues.
    pub outputs: &'static [(&'static str, &'static str)],
}

/// What starts a function, with the name of its trigger binding.
pub enum Trigger<A> {
    /// An `httpTrigger`.
    Http {
        /// The binding's name.
        binding: &'static str,
        /// The one method.
        method: Method,
        /// The route template below the prefix: static segments and `{name}` parameters.
        route: &'static str,
        /// The handler.
        run: OnCall<A>,
    },
    /// A `queueTrigger` with `dataType` binary.
    Queue {
        /// The binding's name.
        binding: &'static str,
        /// The queue's name.
        queue: &'static str,
        /// The handler.
        run: OnDelivery<A>,
    },
    /// A `timerTrigger`.
    Timer {
        /// The binding's name.
        binding: &'static str,
        /// NCRONTAB, seconds first.
        schedule: &'static str,
        /// The handler.
        run: OnTick<A>,
    },
}

impl<A> Trigger<A> {
    /// What kind of trigger this is, for the log.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Queue { .. } => "queue",
            Self::Timer { .. } => "timer",
        }
    }
}

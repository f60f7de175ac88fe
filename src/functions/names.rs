//! Names that the Functions host shares with the code: the route prefix, queues, their connection and bindings.

use azure_functions_handler::{OutputBinding, queue_output};

/// The route prefix of host.json.
pub const ROUTE_PREFIX: &str = "api";

/// The storage connection of every queue binding, separate from the host's own storage, which holds packages and keys.
pub const QUEUE_CONNECTION: &str = "WorkQueues";

/// The queue that fulfilment messages travel through.
pub const FULFILMENT_QUEUE: &str = "orders-fulfilment";
/// Where the host moves fulfilment messages that failed too often: it adds `-poison` to the queue's name
/// (<https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages>).
pub(super) const FULFILMENT_POISON_QUEUE: &str = "orders-fulfilment-poison";
/// The queue whose messages ask for an order to be placed.
pub const INCOMING_QUEUE: &str = "orders-incoming";
/// Where the host moves incoming messages that failed too often.
pub(super) const INCOMING_POISON_QUEUE: &str = "orders-incoming-poison";

/// A queue that the worker writes to.
#[derive(Clone, Copy, Debug)]
pub struct OutputQueue {
    /// The name of its output binding.
    pub binding: &'static str,
    /// Its own name.
    pub queue: &'static str,
}

/// The output binding for fulfilment messages.
pub const FULFILMENT_OUTPUT: OutputQueue = OutputQueue { binding: "fulfilment", queue: FULFILMENT_QUEUE };
/// The output binding of the outbox relay to `orders-incoming`, for replayed dead letters.
pub const INCOMING_OUTPUT: OutputQueue = OutputQueue { binding: "incoming", queue: INCOMING_QUEUE };

impl OutputQueue {
    /// The output binding of a function that writes to it.
    #[must_use]
    pub fn output(self) -> OutputBinding {
        queue_output(self.binding, self.queue).connection(QUEUE_CONNECTION)
    }
}

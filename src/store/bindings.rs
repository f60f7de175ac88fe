//! The names of the output bindings and inboxes of queue messages.

/// The out binding and inbox of messages that ask for an order to be fulfilled.
pub(super) const FULFILMENT: &str = "fulfilment";

/// The out binding and inbox of messages that ask for an order to be placed.
pub(super) const INCOMING: &str = "incoming";

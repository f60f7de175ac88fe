//! What happened to an order, and who did it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Actor, Status, string_enum::string_enum};

string_enum! {
    /// What was done to an order.
    pub enum Action {
        /// The creator placed the order.
        Place = "place",
        /// The creator changed the order.
        Update = "update",
        /// The creator or an administrator cancelled the order.
        Cancel = "cancel",
        /// The order was handed to fulfilment.
        Process = "process",
        /// The backend took it.
        Fulfil = "fulfil",
        /// The backend refused it for good.
        Reject = "reject",
        /// The attempts to fulfil it were used up.
        Fail = "fail",
        /// An administrator had its message sent again.
        Replay = "replay",
    }
}

/// One change of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryItem {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: Action,
    /// The status before the change; `None` for a new order.
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// Who did it.
    pub actor: Actor,
    /// The invocation in which it was done.
    pub invocation: Uuid,
}

/// A change, with the version that it made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryEntry {
    /// The version of the order after the change.
    pub version: u64,
    /// The change.
    pub item: HistoryItem,
}

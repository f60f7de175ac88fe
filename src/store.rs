//! The interface of the database. Each method is one unit of work: one transaction that holds the change, its history
//! row and its outbox row, or nothing of it.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{
    orders::{
        Action, Actor, DeadLetter, FulfilmentMessage, HistoryEntry, HistoryItem, IdempotencyKey,
        IncomingOrder, Order, OrderDraft, OrderId, OrderRevision, Page, PageRequest, Precondition, Product,
        ProductDraft, Sku, Status,
    },
    policy::{
        AccessScope, ChangeOrder, Permit, PlaceOrder, QueueOrder, ReadDeadLetters, ReadHistory, ReadOrder,
        ReadProducts, ResendDeadLetter, WithdrawOrder, WriteProduct,
    },
};

mod bindings;
mod columns;
mod deadline;
mod error;
mod error_message;
#[cfg(feature = "fault-injection")]
mod fault_injection;
mod inspect;
mod inspection;
mod migration;
mod monitored;
mod new_order;
mod open;
mod outcome;
mod postgres;
mod precondition;
mod principals;
mod relay_schedule;
mod replay;
mod retention;
mod rows;
mod scope;
mod settings;
mod sql;
mod sqlite;
mod timeouts;
mod write;

#[cfg(test)]
mod contract;

use bindings::{FULFILMENT, INCOMING};
pub use error::{MigrationError, OpenError, StoreError};
pub use inspect::inspect;
pub use inspection::{Inspection, LoginPrivileges, SchemaState};
pub use migration::MigrationOptions;
pub use monitored::MonitoredStore;
pub use open::open;
pub use outcome::{
    DeadLetterLimit, DeadLettered, Decision, DueMessage, ExcessDeadLetter, FulfilmentTarget, Gauges,
};
pub use principals::{AppLogin, AppRole, LoginName, Principals};
pub use relay_schedule::{Hold, RelayBatch};
pub use write::{Change, Conflict, WriteError};

pub use settings::{DatabaseSettings, DatabaseSignIn, DatabaseUrl, Pooler};
use write::UnitError;

/// The time and the invocation of a write; both go into its history row.
#[derive(Clone, Copy, Debug)]
pub struct WriteContext {
    /// The time of the write.
    pub at: DateTime<Utc>,
    /// The time by which retention is decided: as `at`, without the jumps of the clock.
    pub retention_at: DateTime<Utc>,
    /// The invocation that writes.
    pub invocation: Uuid,
}

impl WriteContext {
    /// The history row of a change.
    fn history_item(self, action: Action, from: Option<Status>, to: Status, actor: Actor) -> HistoryItem {
        HistoryItem { at: self.at, action, from, to, actor, invocation: self.invocation }
    }
}

impl<K> PageRequest<K> {
    /// How many rows to select: one more than the limit shows whether more follow.
    fn limit_with_next(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page from the rows that [`limit_with_next`](Self::limit_with_next) selected.
    fn to_page<T>(&self, mut items: Vec<T>) -> Page<T> {
        let limit = self.limit as usize;
        let has_more = items.len() > limit;
        items.truncate(limit);
        Page { items, has_more }
    }
}

/// The apps whose functions a process serves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServedApps {
    /// Whether the process serves HTTP functions.
    pub api: bool,
    /// Whether the process serves queue and timer functions.
    pub processor: bool,
}

/// Reports what a migration waits for.
pub type OnWait<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What every engine guarantees. Ownership is checked in the SQL: a method that takes a permit or an [`AccessScope`]
/// reads and writes nothing outside it.
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema to this version. A store on SQLite does so by itself before its first unit of work; one on
    /// PostgreSQL never does, and there this also makes the roles that own it and that the two apps sign in with.
    async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_with(&MigrationOptions::default(), &|_| ()).await
    }

    /// As [`migrate`](Self::migrate), and gives principals their roles; [`MigrationError::RolesUnsupported`] on an engine
    /// that has none. A database with text columns is copied if the options say so, in one transaction, and else
    /// refused with [`StoreError::TextColumns`]. While it waits for a lock, it calls `on_wait` with the lock and its holder: after two
    /// seconds, and then every ten.
    async fn migrate_with(&self, options: &MigrationOptions, on_wait: OnWait<'_>) -> Result<(), StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Whether the database can do what the functions of `workload` need: reads and writes each of their tables, as
    /// far as their rights allow, and rolls back.
    async fn probe(&self, workload: ServedApps) -> Result<(), StoreError>;

    /// Stores a new order of the caller's, priced from the product table inside the transaction, with its lines and its
    /// history row.
    ///
    /// With a `key` the order is stored once for that caller and key: the key's row, with the draft's content and the
    /// prices, is inserted in the same transaction. A row that is 24 hours old, by the context's `retention_at`,
    /// counts as absent. The same content again is [`Change::Unchanged`] with the order as it was placed then,
    /// whatever happened to it or its products since; other content is [`WriteError::KeyReused`]. A request that comes
    /// while the same one is under way waits for it, and after two seconds is [`WriteError::InProgress`].
    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&IdempotencyKey>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError>;

    /// Keeps the order of a message, as [`place_order`](Self::place_order) does, once for a message id: the inbox
    /// row, with the message's content, is inserted in the same transaction, and a second delivery changes nothing. A
    /// message of the same id and other content is [`WriteError::KeyReused`].
    /// The actor is the system, for the owner did not authenticate. Outbox rows that hold the message's payload are
    /// closed, unless the message is refused or its id reused: then its dead letter closes them.
    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order, ()>, WriteError>;

    /// Reads an order within the permit's scope.
    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Replaces reference, lines and note of an order of the caller's, all lines at today's prices, with its history
    /// row. The checks run in this sequence, and the first one that fails decides the error: the lines against the
    /// product table (and, if the caller owns the order, against its currency), whether a version is named at all,
    /// whether the caller owns the order, its version, its status. Of two updates that name the same version, exactly
    /// one succeeds.
    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Order, WriteError>;

    /// Cancels an order within the permit's scope, from `placed` only: status, version, history row. If
    /// [`queue_order`](Self::queue_order) runs at the same time, exactly one of the two succeeds.
    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError>;

    /// Lists the changes of an order within the permit's scope, newest first, by the versions that they made; none
    /// when there is no such order in scope.
    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<HistoryEntry>>, StoreError>;

    /// Lists orders within the scope, newest first.
    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError>;

    /// Queues an order for fulfilment: status, version, history row and an outbox row that falls due at
    /// `relay_at`.
    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError>;

    /// Lists products by sku; inactive ones only where the permit reaches them.
    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError>;

    /// Creates or replaces a product; decides on the precondition inside the transaction.
    async fn put_product(
        &self,
        permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Product, WriteError>;

    /// Loads the order of a fulfilment message. Unless the order is `queued`, records the message as received and
    /// closes its outbox row.
    async fn load_for_fulfilment(
        &self,
        message: &FulfilmentMessage,
        context: WriteContext,
    ) -> Result<FulfilmentTarget, StoreError>;

    /// Records the backend's decision on a queued order: status, version, history row, inbox row, and the outbox
    /// row closed. A message that was received before does not change the order, and an order that is not queued is not
    /// changed either; the message is settled in both cases. Returns whether the order was changed.
    async fn record_decision(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        context: WriteContext,
    ) -> Result<bool, StoreError>;

    /// Stores a dead letter, once for the same queue and payload however often it is recorded; after a replay the same
    /// message can be dead-lettered again. Outbox rows of that queue that hold its payload are closed.
    ///
    /// With `fails` the order that it names becomes `failed`, from `queued` only, and the outbox row of its message is
    /// closed; but when that message's dead letter was replayed, nothing changes: the replay has its own message id,
    /// so this is the old message once more. When its id belongs to another message that the worker sent, the dead
    /// letter's reason is [`reused`](crate::orders::Reason::Reused), and nothing else changes.
    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        context: WriteContext,
    ) -> Result<DeadLettered, StoreError>;

    /// Lists dead letters, newest first.
    async fn list_dead_letters(
        &self,
        permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError>;

    /// Replays a dead letter, once: it is marked, and an outbox row that is due at once holds the message.
    ///
    /// A valid fulfilment message goes out under a new message id, for the same order: the old id may be in inbox and
    /// outbox, and late copies of it may still be on their way. When its order is `failed`, it becomes `queued` again,
    /// with its history row. Every other message goes out byte for byte, in an outbox row with the dead letter's id.
    /// Rows of both kinds are closed by the payload's digest too, when it is received
    /// ([`ingest_order`](Self::ingest_order)) or dead again ([`record_dead_letter`](Self::record_dead_letter)).
    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        context: WriteContext,
    ) -> Result<DeadLetter, WriteError>;

    /// Deletes rows whose retention period is over (`docs/reference/api.md#retention`): request keys after 24 hours,
    /// inbox rows after 30 days, outbox rows 7 days after they were closed, dead letters 90 days after their replay.
    /// At most `limit` rows of each table; returns how many rows were deleted, so 0 means that none is left to delete.
    /// Only `now` decides what has expired, so it should not jump when the clock does.
    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError>;

    /// The unreplayed dead letters that are over the ceiling, oldest first, at most `limit`. The age limit of `ceiling`
    /// should not jump when the clock does.
    async fn excess_dead_letters(
        &self,
        ceiling: DeadLetterLimit,
        limit: u32,
    ) -> Result<Vec<ExcessDeadLetter>, StoreError>;

    /// Deletes these dead letters, except those that were replayed meanwhile.
    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError>;

    /// Takes outbox rows that are due, oldest first, as many as `batch` allows, and puts their next time off: `deadline`
    /// after the first sending, then doubling up to one hour. A row that was not due at once has been sent with the
    /// answer to the invocation that made it. A row that was written by a clock that is ahead of `now` is due at once,
    /// whatever next time that clock gave it. Messages on hold are not taken, and keep the time at which they are due.
    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: Duration,
        batch: RelayBatch,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError>;

    /// Counts open outbox rows and unreplayed dead letters, and reads the use of the connection pool. The figures of
    /// the pool are those of this process, read before the rows are counted. Rows that are dated more than a minute
    /// after `now`, and those on hold, have no age and are counted apart.
    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError>;
}

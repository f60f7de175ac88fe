//! What is kept, and the promises about keeping it. Each method is one unit of work: one transaction that
//! holds the change, its history row and its outbox row, or nothing of it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{
    orders::{
        Action, Actor, DeadLetter, FulfilmentMessage, HistoryItem, Order, OrderDraft, OrderId, Product,
        ProductDraft, Sku, Status,
    },
    policy::{ListDeadLetters, ListProducts, Permit, PlaceOrder, ProcessOrder, PutProduct, ReadOrder, Sight},
};

mod precondition;
mod rows;
#[cfg(feature = "sabotage")]
mod sabotage;
mod sql;
mod sqlite;

#[cfg(test)]
mod contract;

pub use precondition::Precondition;

/// The out binding and inbox of messages that ask for an order to be fulfilled.
const FULFILMENT: &str = "fulfilment";

/// Why a database URL cannot be used. Shows nothing of it, for it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No engine answers to its scheme.
    #[error("the database URL must begin with sqlite://")]
    Scheme,
    /// It is no URL of its engine.
    #[error("the database URL cannot be read; write sqlite:// and the path of a file")]
    Malformed(#[source] sqlx::Error),
    /// It names a database that ends with the process.
    #[error("the database must be a file, for it has to outlive the process")]
    InMemory,
}

/// Opens the store at `url`, with at most `connections` connections. Nothing is awaited and nothing touched: while
/// the database is away, every method answers [`StoreError::Unavailable`].
///
/// # Errors
/// When the URL itself cannot be used.
pub fn open(url: &str, connections: u32) -> Result<Arc<dyn Store>, OpenError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => Ok(Arc::new(sqlite::Sqlite::open(url, connections)?)),
        _ => Err(OpenError::Scheme),
    }
}

/// When and under which invocation a change happens; goes into its history row.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The time of the change.
    pub at: DateTime<Utc>,
    /// The invocation that makes it.
    pub invocation: Uuid,
}

impl Stamp {
    /// The history row of a change.
    fn item(self, action: Action, from: Option<Status>, to: Status, actor: Actor) -> HistoryItem {
        HistoryItem { at: self.at, action, from, to, actor, invocation: self.invocation }
    }
}

/// A slice of a list: what comes after the last item seen.
#[derive(Clone, Debug)]
pub struct Slice<K> {
    /// The key of the last item seen; none for the first slice.
    pub after: Option<K>,
    /// At most so many items, 1 to 100.
    pub limit: u32,
}

impl<K> Slice<K> {
    /// How many rows to ask for: one more than wanted tells whether more follow.
    fn with_next(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The slice, out of what [`with_next`](Self::with_next) brought.
    fn cut<T>(&self, mut items: Vec<T>) -> Listed<T> {
        let limit = self.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        Listed { items, more }
    }
}

/// A slice of a list that was read.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The items, in the list's sequence.
    pub items: Vec<T>,
    /// Whether more follow.
    pub more: bool,
}

/// The store cannot answer; the caller may try again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, busy or failing.
    #[error("the database does not answer")]
    Unavailable(#[from] sqlx::Error),
    /// A row does not read as what it should be: a bug, or another hand in the database.
    #[error("{table}.{column} holds something that it cannot hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// Why a line cannot be ordered; found inside the transaction that would have priced it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineFault {
    /// No active product of that sku.
    Unknown,
    /// The product is priced in another currency.
    Currency,
}

/// What became of an order that was to be placed.
#[derive(Debug)]
pub enum Placed {
    /// It is kept, with its prices.
    Placed(Order),
    /// Nothing is kept: these lines, by index, cannot be ordered.
    Refused(Vec<(usize, LineFault)>),
}

/// What became of an order that was to be queued for fulfilment.
#[derive(Debug)]
pub enum Queued {
    /// It is queued now, and its outbox row holds the message.
    Now(Order),
    /// It was queued already; nothing changed.
    Already(Order),
    /// The permit reaches no such order.
    NotFound,
    /// It is in a state from which it cannot be queued.
    Conflict,
}

/// What became of a product that was to be written.
#[derive(Debug)]
pub enum ProductWritten {
    /// It is new.
    Created(Product),
    /// It replaced the version that the precondition named.
    Replaced(Product),
    /// It exists, and no version was named.
    PreconditionRequired,
    /// A version was named, and there is no such product.
    NotFound,
    /// Another version is there, or one is there that should not be.
    Stale,
}

/// What a fulfilment message points at.
#[derive(Debug)]
pub enum Pending {
    /// An order that waits to be fulfilled.
    Order(Order),
    /// An order in another state; the message is settled now, without effect.
    Settled,
    /// No such order.
    Unknown,
}

/// How the backend decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It will carry the order out.
    Fulfilled,
    /// It refuses the order for good.
    Rejected,
}

/// A message of the outbox that is due.
#[derive(Clone, Debug)]
pub struct DueMessage {
    /// The name of the out binding: `fulfilment` or `incoming`.
    pub binding: String,
    /// The message's bytes.
    pub payload: Vec<u8>,
}

/// The promises that every engine keeps. Ownership is part of the statements: a method that takes a permit or a
/// [`Sight`] reads and writes nothing beyond it.
#[async_trait]
pub trait Store: Send + Sync {
    /// Brings the schema to this version. A store on SQLite does so by itself before its first unit of work.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Keeps a new order of the caller's, priced from the product table inside the transaction, with its lines and
    /// its history row.
    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        stamp: Stamp,
    ) -> Result<Placed, StoreError>;

    /// Reads an order within the permit's sight.
    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Lists orders within sight, newest first.
    async fn list_orders(&self, sight: Sight, slice: &Slice<OrderId>) -> Result<Listed<Order>, StoreError>;

    /// Queues an order for fulfilment: status, version, history row and an outbox row that falls due at
    /// `relay_at`.
    async fn queue_order(
        &self,
        permit: &Permit<ProcessOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Queued, StoreError>;

    /// Lists products by sku; inactive ones only where the permit reaches beyond the caller's own.
    async fn list_products(
        &self,
        permit: &Permit<ListProducts>,
        slice: &Slice<Sku>,
    ) -> Result<Listed<Product>, StoreError>;

    /// Creates or replaces a product; decides on the precondition inside the transaction.
    async fn put_product(
        &self,
        permit: &Permit<PutProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<ProductWritten, StoreError>;

    /// What a fulfilment message points at. When the order is in another state than `queued`, the message is
    /// recorded as received and its outbox row is closed.
    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError>;

    /// Records the backend's decision on a queued order: status, version, history row, inbox row, and the outbox
    /// row closed. A message that was received before does not change the order, nor is an order in another state
    /// changed; the message is settled all the same.
    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<(), StoreError>;

    /// Keeps a dead letter, once for the same queue and payload however often it is recorded. With `fails` the order
    /// that it points at becomes `failed`, from `queued` only, and the outbox row of its message is closed.
    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<(), StoreError>;

    /// Lists dead letters, newest first.
    async fn list_dead_letters(
        &self,
        permit: &Permit<ListDeadLetters>,
        slice: &Slice<Uuid>,
    ) -> Result<Listed<DeadLetter>, StoreError>;

    /// Takes outbox rows that are due, oldest first, at most `limit`, and puts their next time off: `deadline`
    /// after the first sending, then doubling up to one hour. A row that was not due at once has been sent with the
    /// answer to the invocation that made it.
    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: Duration,
        limit: u32,
    ) -> Result<Vec<DueMessage>, StoreError>;
}

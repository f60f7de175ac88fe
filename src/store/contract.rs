//! The promises of the store: each written once, against `&dyn Store`, and tested on every engine.

use chrono::{DateTime, TimeDelta, Utc};
use test_servers::{Database, PgBouncer};
use uuid::Uuid;

use crate::{
    identity::{Caller, CallerKind, ClientCertificate, Role},
    orders::{
        Currency, DeadLetter, Digest, FulfilmentMessage, IncomingOrder, InvalidLine, LineDraft, LineError,
        Order, OrderDraft, OrderId, PageRequest, Precondition, Product, ProductDraft, Quantity, Reason,
        UnitPrice,
    },
    policy::{Action, ListAllOrders, Permit},
};

use super::{Change, Hold, Pooler, RelayBatch, Store, WriteContext, WriteError, open};

/// Runs each contract test on every engine.
macro_rules! store_contract {
    ($($promise:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test]
            async fn $promise() {
                crate::store::contract::on_sqlite(super::$promise).await;
            }
        )+ }
        mod postgres { $(
            #[tokio::test]
            async fn $promise() {
                crate::store::contract::on_postgres(super::$promise).await;
            }
        )+ }
        mod postgres_behind_pgbouncer { $(
            #[tokio::test]
            async fn $promise() {
                crate::store::contract::behind_pgbouncer(super::$promise).await;
            }
        )+ }
    };
}

mod changes;
mod create_order;
mod dead_letters;
mod fulfilment;
mod history;
mod ingest;
mod keys;
mod lists;
mod outbox;
mod products;
mod queueing;
mod replay;
mod retention;

async fn on_sqlite(promise: impl AsyncFnOnce(&dyn Store)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("orders.db").display());
    promise(&*open(&url, 4, None, Pooler::None).unwrap()).await;
}

async fn on_postgres(promise: impl AsyncFnOnce(&dyn Store)) {
    let database = database().await;
    let store = open(&database.url(), 4, None, Pooler::None).unwrap();
    store.migrate().await.unwrap();
    promise(&*store).await;
}

async fn behind_pgbouncer(promise: impl AsyncFnOnce(&dyn Store)) {
    let database = database().await;
    open(&database.url(), 1, None, Pooler::None).unwrap().migrate().await.unwrap();
    let pooler = PgBouncer::shared().unwrap_or_else(|error| panic!("{error}"));
    promise(&*open(&pooler.url(&database), 4, None, Pooler::Transaction).unwrap()).await;
}

/// A fresh database of the one PostgreSQL that serves this process.
pub(super) async fn database() -> Database {
    let server = test_servers::Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    server.database().await.unwrap()
}

const TENANT: Uuid = Uuid::from_u128(0x7e);

fn person(object: u128, roles: &[Role]) -> Caller {
    let kind = CallerKind::User { has_scope: true };
    let (roles, certificate) = (roles.to_vec(), ClientCertificate::NotChecked);
    let object = Uuid::from_u128(object);
    Caller { tenant: TENANT, tenant_is_configured: true, object, kind, roles, certificate }
}

pub(super) fn creator() -> Caller {
    person(1, &[])
}

fn stranger() -> Caller {
    person(2, &[])
}

fn namesake_in_another_tenant() -> Caller {
    Caller { tenant: Uuid::from_u128(0x7f), ..creator() }
}

/// Administrator and processor of another tenant.
fn staff_of_another_tenant() -> Caller {
    let roles = vec![Role::OrderProcessor, Role::OrderAdmin];
    Caller { roles, ..namesake_in_another_tenant() }
}

/// A program of another tenant that may process its orders.
fn program_of_another_tenant() -> Caller {
    Caller { kind: CallerKind::App, ..staff_of_another_tenant() }
}

pub(super) fn processor() -> Caller {
    person(3, &[Role::OrderProcessor])
}

pub(super) fn administrator() -> Caller {
    person(4, &[Role::OrderAdmin])
}

pub(super) fn permit<A: Action>(caller: &Caller) -> Permit<A> {
    caller.permit().unwrap()
}

/// This many seconds after a fixed noon in the past.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_896_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

pub(super) fn write_context(seconds: i64) -> WriteContext {
    WriteContext { at: at(seconds), retention_at: at(seconds), invocation: Uuid::from_u128(0xca11) }
}

pub(super) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(super) fn product(sku: &str, price: i64) -> ProductDraft {
    ProductDraft {
        sku: sku.parse().unwrap(),
        name: format!("{sku}, one piece").parse().unwrap(),
        currency: eur(),
        unit_price: UnitPrice::try_from(price).unwrap(),
        active: true,
    }
}

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

/// `BEANS` at 1250 and `CUP` at 399, both in euro.
pub(super) async fn stock(store: &dyn Store) {
    for draft in [product("BEANS", 1250), product("CUP", 399)] {
        assert!(matches!(put(store, &draft, Precondition::None).await, Ok(product) if product.is_new()));
    }
}

async fn put(
    store: &dyn Store,
    draft: &ProductDraft,
    precondition: Precondition,
) -> Result<Product, WriteError> {
    store.put_product(&permit(&administrator()), draft, precondition, write_context(0)).await
}

fn line(sku: &str, quantity: i64) -> LineDraft {
    LineDraft { sku: sku.parse().unwrap(), quantity: Quantity::try_from(quantity).unwrap() }
}

fn refused_line(index: usize, error: LineError) -> InvalidLine {
    InvalidLine { index, error }
}

pub(super) fn draft() -> OrderDraft {
    OrderDraft {
        reference: "PO-17".parse().unwrap(),
        currency: eur(),
        lines: vec![line("CUP", 6), line("BEANS", 2)],
        note: Some("ring twice".parse().unwrap()),
    }
}

async fn place(
    store: &dyn Store,
    caller: &Caller,
    draft: &OrderDraft,
    seconds: i64,
) -> Result<Change<Order>, WriteError> {
    store.place_order(&permit(caller), OrderId::new(at(seconds)), draft, None, write_context(seconds)).await
}

pub(super) async fn place_under(
    store: &dyn Store,
    caller: &Caller,
    key: &str,
    draft: &OrderDraft,
    seconds: i64,
) -> Result<Change<Order>, WriteError> {
    let (permit, key) = (permit(caller), key.parse().unwrap());
    store.place_order(&permit, OrderId::new(at(seconds)), draft, Some(&key), write_context(seconds)).await
}

/// A message for an order of the creator's, and the bytes that it came in.
pub(super) fn incoming(message: u128, draft: OrderDraft, payload: &[u8]) -> IncomingOrder {
    let (message_id, owner) = (Uuid::from_u128(message), creator().owner());
    IncomingOrder { message_id, owner, draft, payload_digest: Digest::of(payload) }
}

/// How many orders there are.
async fn count(store: &dyn Store) -> usize {
    let scope = permit::<ListAllOrders>(&administrator()).scope();
    store.list_orders(scope, &first(100)).await.unwrap().items.len()
}

/// An order of the creator's, placed at that second.
pub(super) async fn placed(store: &dyn Store, seconds: i64) -> Order {
    match place(store, &creator(), &draft(), seconds).await {
        Ok(Change::Done(order)) => order,
        other => panic!("not placed: {other:?}"),
    }
}

/// Hands an order to fulfilment; its message is relayed two minutes later.
async fn queue(store: &dyn Store, id: OrderId, seconds: i64) -> Result<Change<Order>, WriteError> {
    queue_with(store, &message_for(id, seconds), seconds).await
}

/// Hands the order of a message to fulfilment; the message is relayed two minutes later.
async fn queue_with(
    store: &dyn Store,
    message: &FulfilmentMessage,
    seconds: i64,
) -> Result<Change<Order>, WriteError> {
    store.queue_order(&permit(&processor()), message, at(seconds + 120), write_context(seconds)).await
}

/// A message about an order that is queued at that second.
pub(super) fn message_for(id: OrderId, seconds: i64) -> FulfilmentMessage {
    FulfilmentMessage::new(id, TRACE.parse().ok(), at(seconds))
}

/// An order that was placed and handed to fulfilment at that second, and its message.
pub(super) async fn queued(store: &dyn Store, seconds: i64) -> (OrderId, FulfilmentMessage) {
    let id = placed(store, seconds).await.id;
    let message = message_for(id, seconds);
    match queue_with(store, &message, seconds).await {
        Ok(Change::Done(_)) => (id, message),
        other => panic!("not queued: {other:?}"),
    }
}

async fn look(store: &dyn Store, id: OrderId) -> Order {
    store.read_order(&permit(&administrator()), id).await.unwrap().unwrap()
}

/// What the relay sends when nothing bounds it.
async fn due(store: &dyn Store, seconds: i64) -> Vec<Vec<u8>> {
    let due = store
        .take_due_messages(at(seconds), TimeDelta::minutes(2), RelayBatch::up_to(500), Hold::None)
        .await
        .unwrap();
    due.into_iter().map(|message| message.payload).collect()
}

/// A second at which every open outbox row is due.
const MUCH_LATER: i64 = 1_000_000;

/// A message that was dead-lettered at that second.
pub(super) fn letter(payload: &[u8], seconds: i64) -> DeadLetter {
    DeadLetter {
        id: OrderId::new(at(seconds)).uuid(),
        queue: "orders-fulfilment-poison".to_owned(),
        message_id: None,
        order_id: None,
        reason: Reason::Poison,
        dequeue_count: Some(60),
        payload: payload.to_vec(),
        recorded_at: at(seconds),
        replayed_at: None,
    }
}

fn first<K>(limit: u32) -> PageRequest<K> {
    PageRequest { after: None, limit }
}

/// Texts that break statements, logs or terminals where they are not bound and escaped.
const HOSTILE: &[&str] = &[
    "'; DROP TABLE orders; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "x') RETURNING id; --",
    "$1 ?1 :id @id ?",
    "%_\\",
    "\\'; --",
    "{\"$ne\":null}",
    "NULL",
    "ünï © 🫘 \u{2028}text",
    " leading and trailing ",
];

//! SQLite: the store of a laptop. WAL, a busy timeout, foreign keys, one writer.
//!
//! WAL needs a local disk and one machine; a network share or a second instance needs another engine.

use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use crate::{
    orders::{
        DeadLetter, FulfilmentMessage, IncomingOrder, Order, OrderDraft, OrderId, OrderRevision, Product,
        ProductDraft, Recorded, RequestKey, Sku,
    },
    policy::{
        AccessScope, CancelOrder, ListDeadLetters, ListProducts, Permit, PlaceOrder, ProcessOrder,
        PutProduct, ReadHistory, ReadOrder, ReplayDeadLetter, UpdateOrder,
    },
};

use super::{
    Cancelled, Decision, DueMessage, ExcessLetter, Gauges, GivenUp, Hold, Ingested, LetterCeiling, Listed,
    MigrationError, OnWait, Pending, Placed, Precondition, Principals, ProductWritten, Queued, Replayed,
    Slice, Stamp, Store, StoreError, Updated, Workload, bounds::bounded, sql, timeouts::STATEMENT,
};

mod changes;
mod database;
mod dead_letters;
mod expiry;
mod files;
mod fulfilment;
mod inbox;
mod maintenance;
mod orders;
mod outbox;
mod placing;
mod probe;
mod products;
mod turns;
mod unit;
mod waits;

#[cfg(test)]
mod tests;

pub(super) use database::Sqlite;

/// Whether a file is a database that a start can use: it brings the schema up, or makes the file. Changes nothing.
pub(super) async fn is_usable(file: &Path) -> Result<bool, StoreError> {
    if !file.exists() {
        return Ok(true);
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(STATEMENT);
    let mut connection = options.connect().await?;
    sqlx::query(sql::LOOK).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(true)
}

#[async_trait]
impl Store for Sqlite {
    async fn migrate_for(&self, principals: &Principals, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        if !principals.is_empty() {
            return Err(MigrationError::WithoutRoles.into());
        }
        waits::reported(self.ready(), on_wait).await.map(drop).map_err(StoreError::from)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        bounded(async {
            let mut unit = self.read().await?;
            sqlx::query(sql::PING).execute(&mut *unit).await?;
            unit.leave().await;
            Ok(())
        })
        .await
    }

    async fn probe(&self, _workload: Workload) -> Result<(), StoreError> {
        bounded(probe::run(self)).await
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&RequestKey>,
        stamp: Stamp,
    ) -> Result<Placed, StoreError> {
        bounded(placing::place(self, permit, id, draft, key, stamp)).await
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Ingested, StoreError> {
        bounded(placing::ingest(self, message, id, stamp)).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        bounded(orders::read(self, permit.scope(), id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<UpdateOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Updated, StoreError> {
        bounded(changes::update(self, permit, id, revision, precondition, stamp)).await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<CancelOrder>,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Cancelled, StoreError> {
        bounded(changes::cancel(self, permit, id, stamp)).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        slice: &Slice<u64>,
    ) -> Result<Option<Listed<Recorded>>, StoreError> {
        bounded(changes::history(self, permit.scope(), id, slice)).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        slice: &Slice<OrderId>,
    ) -> Result<Listed<Order>, StoreError> {
        bounded(orders::list(self, scope, slice)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<ProcessOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Queued, StoreError> {
        bounded(fulfilment::queue(self, permit, message, relay_at, stamp)).await
    }

    async fn list_products(
        &self,
        permit: &Permit<ListProducts>,
        slice: &Slice<Sku>,
    ) -> Result<Listed<Product>, StoreError> {
        bounded(products::list(self, permit, slice)).await
    }

    async fn put_product(
        &self,
        _permit: &Permit<PutProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<ProductWritten, StoreError> {
        bounded(products::put(self, draft, precondition, stamp)).await
    }

    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError> {
        bounded(fulfilment::pending(self, message, stamp)).await
    }

    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        bounded(fulfilment::decide(self, message, decision, stamp)).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<GivenUp, StoreError> {
        bounded(dead_letters::record(self, letter, fails, stamp)).await
    }

    async fn list_dead_letters(
        &self,
        _permit: &Permit<ListDeadLetters>,
        slice: &Slice<Uuid>,
    ) -> Result<Listed<DeadLetter>, StoreError> {
        bounded(dead_letters::list(self, slice)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ReplayDeadLetter>,
        id: Uuid,
        stamp: Stamp,
    ) -> Result<Replayed, StoreError> {
        bounded(dead_letters::replay(self, permit, id, stamp)).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        bounded(expiry::purge(self, now, limit)).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: LetterCeiling,
        limit: u32,
    ) -> Result<Vec<ExcessLetter>, StoreError> {
        bounded(expiry::excess(self, ceiling, limit)).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        bounded(expiry::drop_letters(self, ids)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        limit: u32,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        bounded(outbox::take_due(self, now, deadline, limit, hold)).await
    }
    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        bounded(outbox::gauges(self, now, hold)).await
    }
}

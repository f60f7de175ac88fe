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
        DeadLetter, FulfilmentMessage, IncomingOrder, Order, OrderDraft, OrderId, OrderRevision, Page,
        PageRequest, Precondition, Product, ProductDraft, Recorded, RequestKey, Sku,
    },
    policy::{
        AccessScope, ChangeOrder, Permit, PlaceOrder, QueueOrder, ReadDeadLetters, ReadHistory, ReadOrder,
        ReadProducts, ResendDeadLetter, WithdrawOrder, WriteProduct,
    },
};

use super::{
    Change, Decision, DueMessage, ExcessLetter, Gauges, GivenUp, Hold, LetterCeiling, MigrationError, OnWait,
    Pending, Principals, Stamp, Store, StoreError, Workload, WriteError, sql, timeouts::STATEMENT,
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
        let mut unit = self.read().await?;
        sqlx::query(sql::PING).execute(&mut *unit).await?;
        unit.leave().await;
        Ok(())
    }

    async fn probe(&self, _workload: Workload) -> Result<(), StoreError> {
        probe::run(self).await
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&RequestKey>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        placing::place(self, permit, id, draft, key, stamp).await
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order, ()>, WriteError> {
        placing::ingest(self, message, id, stamp).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        orders::read(self, permit.scope(), id).await
    }

    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Order, WriteError> {
        changes::update(self, permit, id, revision, precondition, stamp).await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        changes::cancel(self, permit, id, stamp).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<Recorded>>, StoreError> {
        changes::history(self, permit.scope(), id, page).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError> {
        orders::list(self, scope, page).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        fulfilment::queue(self, permit, message, relay_at, stamp).await
    }

    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError> {
        products::list(self, permit, page).await
    }

    async fn put_product(
        &self,
        _permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Product, WriteError> {
        products::put(self, draft, precondition, stamp).await
    }

    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError> {
        fulfilment::pending(self, message, stamp).await
    }

    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        fulfilment::decide(self, message, decision, stamp).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<GivenUp, StoreError> {
        dead_letters::record(self, letter, fails, stamp).await
    }

    async fn list_dead_letters(
        &self,
        _permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        dead_letters::list(self, page).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        stamp: Stamp,
    ) -> Result<DeadLetter, WriteError> {
        dead_letters::replay(self, permit, id, stamp).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        expiry::purge(self, now, limit).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: LetterCeiling,
        limit: u32,
    ) -> Result<Vec<ExcessLetter>, StoreError> {
        expiry::excess(self, ceiling, limit).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        expiry::drop_letters(self, ids).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        limit: u32,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        outbox::take_due(self, now, deadline, limit, hold).await
    }
    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        outbox::gauges(self, now, hold).await
    }
}

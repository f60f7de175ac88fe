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
        DeadLetter, FulfilmentMessage, HistoryEntry, IdempotencyKey, IncomingOrder, Order, OrderDraft,
        OrderId, OrderRevision, Page, PageRequest, Precondition, Product, ProductDraft, Sku,
    },
    policy::{
        AccessScope, ChangeOrder, Permit, PlaceOrder, QueueOrder, ReadDeadLetters, ReadHistory, ReadOrder,
        ReadProducts, ResendDeadLetter, WithdrawOrder, WriteProduct,
    },
};

use super::{
    Change, DeadLetterLimit, DeadLettered, Decision, DueMessage, ExcessDeadLetter, FulfilmentTarget, Gauges,
    Hold, MigrationError, MigrationOptions, OnWait, RelayBatch, ServedApps, Store, StoreError, WriteContext,
    WriteError, sql, timeouts::STATEMENT_TIMEOUT,
};

mod changes;
mod create_order;
mod database;
mod dead_letters;
mod files;
mod fulfilment;
mod in_flight;
mod inbox;
mod maintenance;
mod orders;
mod outbox;
mod probe;
mod products;
mod purge;
mod transaction;
mod wait_reports;

#[cfg(test)]
mod tests;

pub(super) use database::Sqlite;

/// Whether a file is a database that a start can use: it brings the schema up, or makes the file. Changes nothing.
pub(super) async fn is_usable(file: &Path) -> Result<bool, StoreError> {
    if !file.exists() {
        return Ok(true);
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(STATEMENT_TIMEOUT);
    let mut connection = options.connect().await?;
    sqlx::query(sql::READ_SCHEMA).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(true)
}

#[async_trait]
impl Store for Sqlite {
    async fn migrate_with(&self, options: &MigrationOptions, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        if !options.principals.is_empty() {
            return Err(MigrationError::RolesUnsupported.into());
        }
        if options.from_text {
            return Err(MigrationError::FromTextUnsupported.into());
        }
        wait_reports::with_wait_reports(self.ready(), on_wait).await.map(drop).map_err(StoreError::from)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut transaction = self.read().await?;
        sqlx::query(sql::PING).execute(&mut *transaction).await?;
        transaction.rollback().await;
        Ok(())
    }

    async fn probe(&self, _workload: ServedApps) -> Result<(), StoreError> {
        probe::run(self).await
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&IdempotencyKey>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        create_order::create_order(self, permit, id, draft, key, context).await
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order, ()>, WriteError> {
        create_order::ingest(self, message, id, context).await
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
        context: WriteContext,
    ) -> Result<Order, WriteError> {
        changes::update(self, permit, id, revision, precondition, context).await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        changes::cancel(self, permit, id, context).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<HistoryEntry>>, StoreError> {
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
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        fulfilment::queue(self, permit, message, relay_at, context).await
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
        context: WriteContext,
    ) -> Result<Product, WriteError> {
        products::put(self, draft, precondition, context).await
    }

    async fn load_for_fulfilment(
        &self,
        message: &FulfilmentMessage,
        context: WriteContext,
    ) -> Result<FulfilmentTarget, StoreError> {
        fulfilment::load(self, message, context).await
    }

    async fn record_decision(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        context: WriteContext,
    ) -> Result<bool, StoreError> {
        fulfilment::record_decision(self, message, decision, context).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        context: WriteContext,
    ) -> Result<DeadLettered, StoreError> {
        dead_letters::record(self, letter, fails, context).await
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
        context: WriteContext,
    ) -> Result<DeadLetter, WriteError> {
        dead_letters::replay(self, permit, id, context).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        purge::purge(self, now, limit).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: DeadLetterLimit,
        limit: u32,
    ) -> Result<Vec<ExcessDeadLetter>, StoreError> {
        purge::excess(self, ceiling, limit).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        purge::drop_letters(self, ids).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        batch: RelayBatch,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        outbox::take_due(self, now, deadline, batch, hold).await
    }
    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        outbox::gauges(self, now, hold).await
    }
}

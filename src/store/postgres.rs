//! PostgreSQL: the store of the platform. Many processes, one database, and roles that can do little.
//!
//! A unit of work is one statement, so it is one round trip and one transaction. The schema is brought up by
//! `orders-worker migrate` alone.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
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
    Hold, MigrationError, MigrationOptions, OnWait, Pooler, RelayBatch, ServedApps, Store, StoreError,
    WriteContext, WriteError, rows::PoolUsage, sql::PING,
};

mod administration;
mod bulkhead;
mod changes;
mod create_order;
mod database;
mod dead_letters;
mod from_text;
mod fulfilment;
mod in_flight;
mod known_locks;
mod limits;
mod migrate;
mod orders;
mod outbox;
mod pool;
mod probe;
mod products;
mod purge;
mod retry;
mod rows;
mod schema;
mod sql;
mod unit_of_work;
mod wait_reports;

#[cfg(test)]
mod tests;

pub(super) use create_order::is_lock_conflict;
pub(super) use database::Postgres;
use in_flight::ResourceKey;
use known_locks::{LockTargets, Operation};

#[async_trait]
impl Store for Postgres {
    async fn migrate_with(&self, options: &MigrationOptions, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        // Its lock, its role and its settings belong to a session.
        if self.pooler != Pooler::None {
            return Err(MigrationError::ThroughPooler.into());
        }
        let address = self.address.clone();
        let address = match &self.tokens {
            Some(tokens) => tokens.with_token(address).await?,
            None => address,
        };
        migrate::run(&address, options, on_wait).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(Operation::Schema, |executor| async move {
            sqlx::query(PING).execute(executor).await?;
            Ok(())
        })
        .await
    }

    async fn probe(&self, workload: ServedApps) -> Result<(), StoreError> {
        self.change(Operation::Probe, |executor, _| probe::run(executor, workload)).await
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
        let resource = ResourceKey::Message(message.message_id);
        let targets = LockTargets::for_new_order(Some(resource), &message.draft.lines);
        self.change(targets, |executor, attempt| {
            create_order::ingest(executor, attempt, message, id, context)
        })
        .await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.read(Operation::Order, |executor| orders::find(executor, permit.scope(), id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Order, WriteError> {
        let targets = LockTargets::for_new_lines(ResourceKey::Order(id), &revision.lines);
        self.change(targets, |executor, attempt| {
            changes::update(executor, attempt, permit, id, revision, precondition, context)
        })
        .await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        self.change(ResourceKey::Order(id), |executor, attempt| {
            changes::cancel(executor, attempt, permit, id, context)
        })
        .await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<HistoryEntry>>, StoreError> {
        self.read(Operation::History, |executor| changes::history(executor, permit.scope(), id, page)).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError> {
        self.read(Operation::Orders, |executor| orders::list(executor, scope, page)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        let resource = ResourceKey::Order(message.order_id);
        self.change(resource, |executor, attempt| {
            fulfilment::queue(executor, attempt, permit, message, relay_at, context)
        })
        .await
    }

    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError> {
        self.read(Operation::Products, |executor| products::list(executor, permit, page)).await
    }

    async fn put_product(
        &self,
        _permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Product, WriteError> {
        let resource = ResourceKey::Product(draft.sku.clone());
        self.change(resource, |executor, attempt| {
            products::put(executor, attempt, draft, precondition, context)
        })
        .await
    }

    async fn load_for_fulfilment(
        &self,
        message: &FulfilmentMessage,
        context: WriteContext,
    ) -> Result<FulfilmentTarget, StoreError> {
        let resource = ResourceKey::Order(message.order_id);
        self.change(resource, |executor, _| fulfilment::load(executor, message, context)).await
    }

    async fn record_decision(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        context: WriteContext,
    ) -> Result<bool, StoreError> {
        let resource = ResourceKey::Order(message.order_id);
        self.change(resource, |executor, attempt| {
            fulfilment::record_decision(executor, attempt, message, decision, context)
        })
        .await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        context: WriteContext,
    ) -> Result<DeadLettered, StoreError> {
        let resource = match fails {
            Some(message) => ResourceKey::Order(message.order_id),
            None => ResourceKey::Payload(letter.digest()),
        };
        self.change(resource, |executor, attempt| {
            dead_letters::record(executor, attempt, letter, fails, context)
        })
        .await
    }

    async fn list_dead_letters(
        &self,
        _permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        self.read(Operation::DeadLetters, |executor| dead_letters::list(executor, page)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        context: WriteContext,
    ) -> Result<DeadLetter, WriteError> {
        self.change(ResourceKey::DeadLetter(id), |executor, attempt| {
            dead_letters::replay(executor, attempt, permit, id, context)
        })
        .await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.change(Operation::Purge, |executor, _| purge::purge(executor, now, limit)).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: DeadLetterLimit,
        limit: u32,
    ) -> Result<Vec<ExcessDeadLetter>, StoreError> {
        self.read(Operation::DeadLetters, |executor| purge::excess(executor, ceiling, limit)).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.change(Operation::Purge, |executor, _| purge::drop_letters(executor, ids)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        batch: RelayBatch,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        self.change(Operation::Relay, |executor, _| outbox::take_due(executor, now, deadline, batch, hold))
            .await
    }

    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        let pool = PoolUsage { in_use: self.pool.in_use(), size: self.connections };
        self.read(Operation::Gauges, |executor| outbox::gauges(executor, now, hold, pool)).await
    }
}

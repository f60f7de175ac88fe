//! Each unit of work with its deadline and its result recorded.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::{MonitoredStore, Operation};
use crate::{
    orders::{
        DeadLetter, FulfilmentMessage, HistoryEntry, IdempotencyKey, IncomingOrder, Order, OrderDraft,
        OrderId, OrderRevision, Page, PageRequest, Precondition, Product, ProductDraft, Sku,
    },
    policy::{
        AccessScope, ChangeOrder, Permit, PlaceOrder, QueueOrder, ReadDeadLetters, ReadHistory, ReadOrder,
        ReadProducts, ResendDeadLetter, WithdrawOrder, WriteProduct,
    },
    store::{
        Change, DeadLetterLimit, DeadLettered, Decision, DueMessage, ExcessDeadLetter, FulfilmentTarget,
        Gauges, Hold, MigrationOptions, OnWait, RelayBatch, ServedApps, Store, StoreError, WriteContext,
        WriteError, deadline::with_deadline,
    },
};

#[async_trait]
impl Store for MonitoredStore {
    async fn migrate_with(&self, options: &MigrationOptions, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        self.store.migrate_with(options, on_wait).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        with_deadline(self.store.ping()).await
    }

    async fn probe(&self, workload: ServedApps) -> Result<(), StoreError> {
        let began = Instant::now();
        self.record_probe(with_deadline(self.store.probe(workload)).await, began)
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&IdempotencyKey>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        match with_deadline(self.store.place_order(permit, id, draft, key, context)).await {
            // The call timed out waiting for another call, which does not mean that the database fails.
            Err(WriteError::InProgress) => Err(WriteError::InProgress),
            placed => self.record_result(Operation::PlaceOrder, placed),
        }
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order, ()>, WriteError> {
        self.run(Operation::IngestMessage, self.store.ingest_order(message, id, context)).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.run(Operation::ReadOrder, self.store.read_order(permit, id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Order, WriteError> {
        self.run(Operation::ChangeOrder, self.store.update_order(permit, id, revision, precondition, context))
            .await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        self.run(Operation::WithdrawOrder, self.store.cancel_order(permit, id, context)).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<HistoryEntry>>, StoreError> {
        self.run(Operation::OrderHistory, self.store.order_history(permit, id, page)).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError> {
        self.run(Operation::ReadOrders, self.store.list_orders(scope, page)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        context: WriteContext,
    ) -> Result<Change<Order>, WriteError> {
        self.run(Operation::QueueOrder, self.store.queue_order(permit, message, relay_at, context)).await
    }

    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError> {
        self.run(Operation::ReadProducts, self.store.list_products(permit, page)).await
    }

    async fn put_product(
        &self,
        permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        context: WriteContext,
    ) -> Result<Product, WriteError> {
        self.run(Operation::WriteProduct, self.store.put_product(permit, draft, precondition, context)).await
    }

    async fn load_for_fulfilment(
        &self,
        message: &FulfilmentMessage,
        context: WriteContext,
    ) -> Result<FulfilmentTarget, StoreError> {
        self.run(Operation::LoadForFulfilment, self.store.load_for_fulfilment(message, context)).await
    }

    async fn record_decision(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        context: WriteContext,
    ) -> Result<bool, StoreError> {
        self.run(Operation::RecordDecision, self.store.record_decision(message, decision, context)).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        context: WriteContext,
    ) -> Result<DeadLettered, StoreError> {
        self.run(Operation::RecordDeadLetter, self.store.record_dead_letter(letter, fails, context)).await
    }

    async fn list_dead_letters(
        &self,
        permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        self.run(Operation::ReadDeadLetters, self.store.list_dead_letters(permit, page)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        context: WriteContext,
    ) -> Result<DeadLetter, WriteError> {
        self.run(Operation::ResendDeadLetter, self.store.replay_dead_letter(permit, id, context)).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.run(Operation::Purge, self.store.purge_expired(now, limit)).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: DeadLetterLimit,
        limit: u32,
    ) -> Result<Vec<ExcessDeadLetter>, StoreError> {
        self.run(Operation::DropDeadLetters, self.store.excess_dead_letters(ceiling, limit)).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.run(Operation::DropDeadLetters, self.store.drop_dead_letters(ids)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        batch: RelayBatch,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        self.run(Operation::TakeDueMessages, self.store.take_due_messages(now, deadline, batch, hold)).await
    }

    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        self.run(Operation::Gauges, self.store.gauges(now, hold)).await
    }
}

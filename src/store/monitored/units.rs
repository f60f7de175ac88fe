//! The units of work of a store, each within its deadline and with its result seen.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Kind, Monitored};
use crate::{
    orders::{
        DeadLetter, FulfilmentMessage, IncomingOrder, Order, OrderDraft, OrderId, OrderRevision, Page,
        PageRequest, Precondition, Product, ProductDraft, Recorded, RequestKey, Sku,
    },
    policy::{
        AccessScope, ChangeOrder, Permit, PlaceOrder, QueueOrder, ReadDeadLetters, ReadHistory, ReadOrder,
        ReadProducts, ResendDeadLetter, WithdrawOrder, WriteProduct,
    },
    store::{
        Change, Decision, DueMessage, ExcessLetter, Gauges, GivenUp, Hold, LetterCeiling, OnWait, Pending,
        Principals, Stamp, Store, StoreError, Workload, WriteError, bounds::bounded,
    },
};

#[async_trait]
impl Store for Monitored {
    async fn migrate_for(&self, principals: &Principals, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        self.store.migrate_for(principals, on_wait).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        bounded(self.store.ping()).await
    }

    async fn probe(&self, workload: Workload) -> Result<(), StoreError> {
        let began = Instant::now();
        self.probed(bounded(self.store.probe(workload)).await, began)
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&RequestKey>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        match bounded(self.store.place_order(permit, id, draft, key, stamp)).await {
            // It waited in vain for another call, which says nothing about the database.
            Err(WriteError::InProgress) => Err(WriteError::InProgress),
            placed => self.seen(Kind::PlaceOrder, placed),
        }
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order, ()>, WriteError> {
        self.run(Kind::IngestMessage, self.store.ingest_order(message, id, stamp)).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.run(Kind::ReadOrder, self.store.read_order(permit, id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Order, WriteError> {
        self.run(Kind::ChangeOrder, self.store.update_order(permit, id, revision, precondition, stamp)).await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        self.run(Kind::WithdrawOrder, self.store.cancel_order(permit, id, stamp)).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<Recorded>>, StoreError> {
        self.run(Kind::OrderHistory, self.store.order_history(permit, id, page)).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError> {
        self.run(Kind::ReadOrders, self.store.list_orders(scope, page)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        self.run(Kind::QueueOrder, self.store.queue_order(permit, message, relay_at, stamp)).await
    }

    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError> {
        self.run(Kind::ReadProducts, self.store.list_products(permit, page)).await
    }

    async fn put_product(
        &self,
        permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Product, WriteError> {
        self.run(Kind::WriteProduct, self.store.put_product(permit, draft, precondition, stamp)).await
    }

    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError> {
        self.run(Kind::PendingOrder, self.store.pending_order(message, stamp)).await
    }

    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        self.run(Kind::DecideOrder, self.store.decide_order(message, decision, stamp)).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<GivenUp, StoreError> {
        self.run(Kind::RecordDeadLetter, self.store.record_dead_letter(letter, fails, stamp)).await
    }

    async fn list_dead_letters(
        &self,
        permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        self.run(Kind::ReadDeadLetters, self.store.list_dead_letters(permit, page)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        stamp: Stamp,
    ) -> Result<DeadLetter, WriteError> {
        self.run(Kind::ResendDeadLetter, self.store.replay_dead_letter(permit, id, stamp)).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.run(Kind::Purge, self.store.purge_expired(now, limit)).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: LetterCeiling,
        limit: u32,
    ) -> Result<Vec<ExcessLetter>, StoreError> {
        self.run(Kind::DropDeadLetters, self.store.excess_dead_letters(ceiling, limit)).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.run(Kind::DropDeadLetters, self.store.drop_dead_letters(ids)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        limit: u32,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        self.run(Kind::TakeDueMessages, self.store.take_due_messages(now, deadline, limit, hold)).await
    }

    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        self.run(Kind::Gauges, self.store.gauges(now, hold)).await
    }
}

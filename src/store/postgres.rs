//! PostgreSQL: the store of the platform. Many processes, one database, and roles that can do little.
//!
//! A unit of work is one statement, so it is one round trip and one transaction. The schema is brought up by
//! `orders-worker migrate` alone.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
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
    Change, Decision, DueMessage, ExcessLetter, Gauges, GivenUp, Hold, LetterCeiling, OnWait, Pending,
    Principals, Stamp, Store, StoreError, Workload, WriteError, rows::PoolUse, sql::PING,
};

mod administration;
mod changes;
mod database;
mod dead_letters;
mod expiry;
mod fulfilment;
mod in_flight;
mod lanes;
mod limits;
mod marks;
mod migrate;
mod orders;
mod outbox;
mod placing;
mod pool;
mod probe;
mod products;
mod retry;
mod rows;
mod sql;
mod units;
mod waits;

#[cfg(test)]
mod tests;

pub(super) use database::Postgres;
use in_flight::Subject;
use marks::{Kind, Needs};
pub(super) use placing::is_held_by_another;

#[async_trait]
impl Store for Postgres {
    async fn migrate_for(&self, principals: &Principals, on_wait: OnWait<'_>) -> Result<(), StoreError> {
        let address = self.address.clone();
        let address = match &self.sign_in {
            Some(sign_in) => sign_in.through(address).await?,
            None => address,
        };
        migrate::run(&address, principals, on_wait).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(Kind::Schema, |access| async move {
            sqlx::query(PING).execute(access).await?;
            Ok(())
        })
        .await
    }

    async fn probe(&self, workload: Workload) -> Result<(), StoreError> {
        self.change(Kind::Probe, |access, _| probe::run(access, workload)).await
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&RequestKey>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        placing::take_turn(self, permit, id, draft, key, stamp).await
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order, ()>, WriteError> {
        let subject = Subject::Message(message.message_id);
        let needs = Needs::order(Some(subject), &message.draft.lines);
        self.change(needs, |access, attempt| placing::ingest(access, attempt, message, id, stamp)).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.read(Kind::Order, |access| orders::find(access, permit.scope(), id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<ChangeOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Order, WriteError> {
        let needs = Needs::lines(Subject::Order(id), &revision.lines);
        self.change(needs, |access, attempt| {
            changes::update(access, attempt, permit, id, revision, precondition, stamp)
        })
        .await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<WithdrawOrder>,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        self.change(Subject::Order(id), |access, attempt| changes::cancel(access, attempt, permit, id, stamp))
            .await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        page: &PageRequest<u64>,
    ) -> Result<Option<Page<Recorded>>, StoreError> {
        self.read(Kind::History, |access| changes::history(access, permit.scope(), id, page)).await
    }

    async fn list_orders(
        &self,
        scope: AccessScope,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, StoreError> {
        self.read(Kind::Orders, |access| orders::list(access, scope, page)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<QueueOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Change<Order>, WriteError> {
        let subject = Subject::Order(message.order_id);
        self.change(subject, |access, attempt| {
            fulfilment::queue(access, attempt, permit, message, relay_at, stamp)
        })
        .await
    }

    async fn list_products(
        &self,
        permit: &Permit<ReadProducts>,
        page: &PageRequest<Sku>,
    ) -> Result<Page<Product>, StoreError> {
        self.read(Kind::Products, |access| products::list(access, permit, page)).await
    }

    async fn put_product(
        &self,
        _permit: &Permit<WriteProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Product, WriteError> {
        let subject = Subject::Product(draft.sku.clone());
        self.change(subject, |access, attempt| products::put(access, attempt, draft, precondition, stamp))
            .await
    }

    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError> {
        let subject = Subject::Order(message.order_id);
        self.change(subject, |access, _| fulfilment::pending(access, message, stamp)).await
    }

    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        let subject = Subject::Order(message.order_id);
        self.change(subject, |access, attempt| fulfilment::decide(access, attempt, message, decision, stamp))
            .await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<GivenUp, StoreError> {
        let subject = match fails {
            Some(message) => Subject::Order(message.order_id),
            None => Subject::Payload(letter.digest()),
        };
        self.change(subject, |access, attempt| dead_letters::record(access, attempt, letter, fails, stamp))
            .await
    }

    async fn list_dead_letters(
        &self,
        _permit: &Permit<ReadDeadLetters>,
        page: &PageRequest<Uuid>,
    ) -> Result<Page<DeadLetter>, StoreError> {
        self.read(Kind::Letters, |access| dead_letters::list(access, page)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ResendDeadLetter>,
        id: Uuid,
        stamp: Stamp,
    ) -> Result<DeadLetter, WriteError> {
        self.change(Subject::Letter(id), |access, attempt| {
            dead_letters::replay(access, attempt, permit, id, stamp)
        })
        .await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.change(Kind::Purge, |access, _| expiry::purge(access, now, limit)).await
    }

    async fn excess_dead_letters(
        &self,
        ceiling: LetterCeiling,
        limit: u32,
    ) -> Result<Vec<ExcessLetter>, StoreError> {
        self.read(Kind::Letters, |access| expiry::excess(access, ceiling, limit)).await
    }

    async fn drop_dead_letters(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.change(Kind::Purge, |access, _| expiry::drop_letters(access, ids)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        limit: u32,
        hold: Hold,
    ) -> Result<Vec<DueMessage>, StoreError> {
        self.change(Kind::Relay, |access, _| outbox::take_due(access, now, deadline, limit, hold)).await
    }

    async fn gauges(&self, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
        let pool = PoolUse { in_use: self.pool.in_use(), size: self.connections };
        self.read(Kind::Gauges, |access| outbox::gauges(access, now, hold, pool)).await
    }
}

//! PostgreSQL: the store of the platform. Many processes, one database, and roles that can do little.
//!
//! A unit of work is one statement, so it is one round trip and one transaction. The schema is brought up by
//! `orders-worker migrate` alone.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{
    Connection as _, PgPool, Postgres as Engine,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::{
    azure::ManagedIdentity,
    clock::Clock,
    orders::{
        DeadLetter, FulfilmentMessage, IncomingOrder, Order, OrderDraft, OrderId, OrderRevision, Product,
        ProductDraft, Recorded, RequestKey, Sku,
    },
    policy::{
        CancelOrder, ListDeadLetters, ListProducts, Permit, PlaceOrder, ProcessOrder, PutProduct,
        ReadHistory, ReadOrder, ReplayDeadLetter, Sight, UpdateOrder,
    },
};

use super::{
    Cancelled, Decision, DueMessage, Examined, Gauges, GivenUp, Ingested, Listed, OpenError, Pending, Placed,
    Precondition, ProductWritten, Queued, Replayed, Rights, Slice, Stamp, Store, StoreError, Updated,
    bounds::{POOL_WAIT, STATEMENT, bounded, busy, logged},
    sql::PING,
};

mod changes;
mod dead_letters;
mod expiry;
mod fulfilment;
mod migrate;
mod orders;
mod outbox;
mod placing;
mod products;
mod retry;
mod rows;
mod sign_in;
mod sql;

#[cfg(test)]
mod tests;

use retry::retried;
use sign_in::{SignIn, is_refusal};

/// How long a statement waits for another that changes the same thing: a request for its twin, at most (contract §3).
const LOCK: Duration = Duration::from_secs(2);

/// How long a connection lives: one that was made with a token that is over by then is gone soon after.
const CONNECTION: Duration = Duration::from_mins(30);

/// A database on a server.
pub(super) struct Postgres {
    address: PgConnectOptions,
    pool: PgPool,
    sign_in: Option<SignIn>,
    connections: u32,
    current: OnceCell<()>,
}

impl Postgres {
    /// Reads the URL; touches no network. Signs in as `identity`, else by what the URL says.
    pub(super) fn open(
        url: &str,
        connections: u32,
        identity: Option<ManagedIdentity>,
    ) -> Result<Self, OpenError> {
        let address = PgConnectOptions::from_str(url).map_err(OpenError::Malformed)?;
        let address = address.application_name("orders-worker");
        let limited = address.clone().options(
            [("statement_timeout", STATEMENT), ("lock_timeout", LOCK)]
                .map(|(name, limit)| (name, limit.as_millis().to_string())),
        );
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(POOL_WAIT)
            .max_lifetime(CONNECTION)
            // Asking a connection whether it lives would double the round trips; a dead one is found by its use.
            .test_before_acquire(false)
            .connect_lazy_with(limited);
        let sign_in = identity.map(|identity| SignIn::new(identity, Clock));
        Ok(Self { address, pool, sign_in, connections, current: OnceCell::new() })
    }

    /// The pool, once the schema has been found to be new enough.
    async fn ready(&self) -> Result<&PgPool, StoreError> {
        self.current.get_or_try_init(|| migrate::check(&self.pool)).await?;
        Ok(&self.pool)
    }

    /// Schema and rights, as the login sees them. A login that may not even read the version has no schema.
    pub(super) async fn examine(&self) -> Result<Examined, StoreError> {
        let current = match self.ping().await {
            Ok(()) => true,
            Err(StoreError::Outdated) => false,
            Err(StoreError::Unavailable(error)) if migrate::is_forbidden(&error) => false,
            Err(error) => return Err(error),
        };
        let (encrypted, owner, api, processor) = sqlx::query_as(sql::RIGHTS).fetch_one(&self.pool).await?;
        Ok(Examined { current, rights: Some(Rights { encrypted, owner, api, processor }) })
    }

    /// A unit of work whose repetition changes nothing.
    async fn unit<'a, T: Send, F>(
        &'a self,
        work: impl Fn(&'a PgPool) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let work = &work;
        bounded(retried(self.connections, || self.attempt(work))).await
    }

    /// One attempt, or two where the server refuses the token that it was shown and there is another one.
    async fn attempt<'a, T: Send, F>(
        &'a self,
        work: &(impl Fn(&'a PgPool) -> F + Send + Sync),
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let Some(sign_in) = &self.sign_in else { return work(self.ready().await?).await };
        let token = sign_in.keep(&self.pool).await?;
        let once = async || work(self.ready().await?).await;
        match once().await {
            Err(error) if is_refusal(&error) && sign_in.replaced(&self.pool, token).await => once().await,
            settled => settled,
        }
    }

    /// A connection that answered just now, for a unit of work that is tried once: when its answer is lost, its
    /// repetition would find its own work and take it for another's.
    async fn living(&self) -> Result<PoolConnection<Engine>, StoreError> {
        let living = |pool: &'_ PgPool| {
            let pool = pool.clone();
            async move {
                let mut connection = pool.acquire().await?;
                connection.ping().await?;
                Ok(connection)
            }
        };
        retried(self.connections, || self.attempt(&living)).await
    }
}

#[async_trait]
impl Store for Postgres {
    async fn migrate(&self) -> Result<(), StoreError> {
        let address = self.address.clone();
        let address = match &self.sign_in {
            Some(sign_in) => logged(sign_in.through(&self.pool, address).await)?,
            None => address,
        };
        logged(migrate::run(&address).await)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.unit(|pool| async move {
            sqlx::query(PING).execute(pool).await?;
            Ok(())
        })
        .await
    }

    async fn place_order(
        &self,
        permit: &Permit<PlaceOrder>,
        id: OrderId,
        draft: &OrderDraft,
        key: Option<&RequestKey>,
        stamp: Stamp,
    ) -> Result<Placed, StoreError> {
        self.unit(|pool| placing::place(pool, permit, id, draft, key, stamp)).await
    }

    async fn ingest_order(
        &self,
        message: &IncomingOrder,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Ingested, StoreError> {
        self.unit(|pool| placing::ingest(pool, message, id, stamp)).await
    }

    async fn read_order(&self, permit: &Permit<ReadOrder>, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.unit(|pool| orders::read(pool, permit.sight(), id)).await
    }

    async fn update_order(
        &self,
        permit: &Permit<UpdateOrder>,
        id: OrderId,
        revision: &OrderRevision,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Updated, StoreError> {
        let work = async {
            changes::update(&mut *self.living().await?, permit, id, revision, precondition, stamp).await
        };
        bounded(work).await
    }

    async fn cancel_order(
        &self,
        permit: &Permit<CancelOrder>,
        id: OrderId,
        stamp: Stamp,
    ) -> Result<Cancelled, StoreError> {
        self.unit(|pool| changes::cancel(pool, permit, id, stamp)).await
    }

    async fn order_history(
        &self,
        permit: &Permit<ReadHistory>,
        id: OrderId,
        slice: &Slice<u64>,
    ) -> Result<Option<Listed<Recorded>>, StoreError> {
        self.unit(|pool| changes::history(pool, permit.sight(), id, slice)).await
    }

    async fn list_orders(&self, sight: Sight, slice: &Slice<OrderId>) -> Result<Listed<Order>, StoreError> {
        self.unit(|pool| orders::list(pool, sight, slice)).await
    }

    async fn queue_order(
        &self,
        permit: &Permit<ProcessOrder>,
        message: &FulfilmentMessage,
        relay_at: DateTime<Utc>,
        stamp: Stamp,
    ) -> Result<Queued, StoreError> {
        self.unit(|pool| fulfilment::queue(pool, permit, message, relay_at, stamp)).await
    }

    async fn list_products(
        &self,
        permit: &Permit<ListProducts>,
        slice: &Slice<Sku>,
    ) -> Result<Listed<Product>, StoreError> {
        self.unit(|pool| products::list(pool, permit.sight(), slice)).await
    }

    async fn put_product(
        &self,
        _permit: &Permit<PutProduct>,
        draft: &ProductDraft,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<ProductWritten, StoreError> {
        let work = async { products::put(&mut *self.living().await?, draft, precondition, stamp).await };
        bounded(work).await
    }

    async fn pending_order(&self, message: &FulfilmentMessage, stamp: Stamp) -> Result<Pending, StoreError> {
        self.unit(|pool| fulfilment::pending(pool, message, stamp)).await
    }

    async fn decide_order(
        &self,
        message: &FulfilmentMessage,
        decision: Decision,
        stamp: Stamp,
    ) -> Result<bool, StoreError> {
        self.unit(|pool| fulfilment::decide(pool, message, decision, stamp)).await
    }

    async fn record_dead_letter(
        &self,
        letter: &DeadLetter,
        fails: Option<&FulfilmentMessage>,
        stamp: Stamp,
    ) -> Result<GivenUp, StoreError> {
        self.unit(|pool| dead_letters::record(pool, letter, fails, stamp)).await
    }

    async fn list_dead_letters(
        &self,
        _permit: &Permit<ListDeadLetters>,
        slice: &Slice<Uuid>,
    ) -> Result<Listed<DeadLetter>, StoreError> {
        self.unit(|pool| dead_letters::list(pool, slice)).await
    }

    async fn replay_dead_letter(
        &self,
        permit: &Permit<ReplayDeadLetter>,
        id: Uuid,
        stamp: Stamp,
    ) -> Result<Replayed, StoreError> {
        let work = async { dead_letters::replay(&mut *self.living().await?, permit, id, stamp).await };
        bounded(work).await
    }

    async fn purge_expired(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        self.unit(|pool| expiry::purge(pool, now, limit)).await
    }

    async fn take_due_messages(
        &self,
        now: DateTime<Utc>,
        deadline: chrono::Duration,
        limit: u32,
    ) -> Result<Vec<DueMessage>, StoreError> {
        self.unit(|pool| outbox::take_due(pool, now, deadline, limit)).await
    }
    async fn gauges(&self) -> Result<Gauges, StoreError> {
        let (in_use, most) = (busy(&self.pool), self.connections);
        self.unit(|pool| outbox::gauges(pool, (in_use, most))).await
    }
}

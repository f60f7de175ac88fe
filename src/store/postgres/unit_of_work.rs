//! Runs units of work: transient failures are retried, and changes of one resource run one after another.

use super::{
    Postgres,
    known_locks::{LockTargets, Operation},
    migrate,
    pool::{Pool, PoolExecutor},
    retry::{Attempt, with_retries},
};
use crate::store::{StoreError, UnitError};

impl Postgres {
    /// A unit of work that changes nothing.
    pub(super) async fn read<'a, T: Send, F>(
        &'a self,
        operation: Operation,
        work: impl Fn(PoolExecutor<'a>) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let (work, targets) = (&work, LockTargets::from(operation));
        let attempt = |_| async move { work(self.ready().await?.for_reads()).await };
        with_retries(&self.bulkhead, self.connections, &targets, attempt).await
    }

    /// A unit of work that changes something.
    pub(super) async fn change<'a, T: Send, E: UnitError, F>(
        &'a self,
        targets: impl Into<LockTargets> + Send,
        work: impl Fn(PoolExecutor<'a>, Attempt) -> F + Send + Sync,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>> + Send,
    {
        let targets = targets.into();
        let _lock = match targets.resource() {
            Some(resource) => Some(self.in_flight.lock(resource.clone()).await.map_err(StoreError::from)?),
            None => None,
        };
        let work = &work;
        let attempt = |attempt| async move { work(self.ready().await?.for_writes(), attempt).await };
        with_retries(&self.bulkhead, self.connections, &targets, attempt).await
    }

    /// The pool, once the schema has been found to be new enough. Concurrent first calls each check it.
    async fn ready(&self) -> Result<&Pool, StoreError> {
        if self.current.get().is_none() {
            migrate::check(self.pool.for_reads()).await?;
            self.current.get_or_init(|| ());
        }
        Ok(&self.pool)
    }
}

//! How a unit of work is run: it is tried again when its failure passes, and changes of the same thing take turns.

use super::{
    Postgres,
    marks::{Kind, Needs},
    migrate,
    pool::{Access, Pool},
    retry::{Attempt, retried},
};
use crate::store::{StoreError, UnitError};

impl Postgres {
    /// A unit of work that changes nothing.
    pub(super) async fn read<'a, T: Send, F>(
        &'a self,
        kind: Kind,
        work: impl Fn(Access<'a>) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let (work, needs) = (&work, Needs::from(kind));
        let attempt = |_| async move { work(self.ready().await?.to_read()).await };
        retried(&self.lanes, self.connections, &needs, attempt).await
    }

    /// A unit of work that changes something.
    pub(super) async fn change<'a, T: Send, E: UnitError, F>(
        &'a self,
        needs: impl Into<Needs> + Send,
        work: impl Fn(Access<'a>, Attempt) -> F + Send + Sync,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>> + Send,
    {
        let needs = needs.into();
        let _turn = match needs.subject() {
            Some(subject) => Some(self.in_flight.enter(subject.clone()).await.map_err(StoreError::from)?),
            None => None,
        };
        let work = &work;
        let attempt = |attempt| async move { work(self.ready().await?.to_write(), attempt).await };
        retried(&self.lanes, self.connections, &needs, attempt).await
    }

    /// The pool, once the schema has been found to be new enough. Calls that come at once look at once.
    async fn ready(&self) -> Result<&Pool, StoreError> {
        if self.current.get().is_none() {
            migrate::check(self.pool.to_read()).await?;
            self.current.get_or_init(|| ());
        }
        Ok(&self.pool)
    }
}

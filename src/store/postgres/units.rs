//! How a unit of work is run: it is tried again when its failure passes, and changes of the same thing take turns.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use super::{
    LOCK_WAIT, Postgres,
    in_flight::{Subject, Turn},
    lanes::Lane,
    migrate,
    placing::is_lock_timeout,
    pool::Pool,
    retry::{Attempt, retried},
};
use crate::store::{StoreError, bounds::bounded};

impl Postgres {
    /// A unit of work that changes nothing.
    pub(super) async fn read<'a, T: Send, F>(
        &'a self,
        work: impl Fn(&'a Pool) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let work = &work;
        bounded(retried(self.connections, |_| async move { work(self.ready().await?).await })).await
    }

    /// A unit of work that changes this subject.
    pub(super) async fn change<'a, T: Send, F>(
        &'a self,
        subject: Subject,
        work: impl Fn(&'a Pool, Attempt) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        bounded(self.changing(Some(subject), work)).await
    }

    /// As [`change`](Self::change), without its limit of time. Without a subject it waits for no
    /// other call of this process.
    pub(super) async fn changing<'a, T: Send, F>(
        &'a self,
        subject: Option<Subject>,
        work: impl Fn(&'a Pool, Attempt) -> F + Send + Sync,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let turn = match subject {
            Some(subject) => Some(self.in_flight.enter(subject).await?),
            None => None,
        };
        let is_locked = AtomicBool::new(turn.as_ref().is_some_and(Turn::is_locked));
        let deadline = Instant::now() + LOCK_WAIT;
        let (work, met) = (&work, &is_locked);
        let settled = retried(self.connections, |attempt| async move {
            let lane = if met.load(Ordering::Relaxed) { Lane::Locked } else { Lane::Free };
            let _pass = self.lanes.enter(lane, deadline).await?;
            let settled = work(self.ready().await?, attempt).await;
            let is_locked = meets_lock(&settled);
            met.store(is_locked, Ordering::Relaxed);
            if is_locked {
                self.lanes.note_lock();
            }
            settled
        })
        .await;
        if let Some(turn) = turn {
            turn.set_locked(is_locked.into_inner());
        }
        settled
    }

    /// The pool, once the schema has been found to be new enough. Calls that come at once look at once.
    async fn ready(&self) -> Result<&Pool, StoreError> {
        if self.current.get().is_none() {
            migrate::check(&self.pool).await?;
            self.current.get_or_init(|| ());
        }
        Ok(&self.pool)
    }
}

fn meets_lock<T>(settled: &Result<T, StoreError>) -> bool {
    matches!(settled, Err(StoreError::Unavailable(error)) if is_lock_timeout(error))
}

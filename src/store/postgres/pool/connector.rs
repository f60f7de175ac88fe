//! Opens connections in the background: a login continues when the caller who needed it has gone.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Pool,
    failure::{is_permanent, login_timeout, malformed_response, shared_error},
    lease::Lease,
    pool_state::{PoolState, PooledConnection},
    prepared_statements,
    token_cache::is_login_refusal,
};
use crate::{
    store::{Pooler, timeouts::POOL_TIMEOUT},
    telemetry::catch_panic,
};

/// How long a login may take as a whole.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Counts a caller for as long as it waits.
struct Waiter<'p>(&'p PoolState);

impl<'p> Waiter<'p> {
    fn begin(shared: &'p PoolState) -> Self {
        shared.logins.send_if_modified(|logins| {
            logins.add_waiter();
            false
        });
        Self(shared)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.logins.send_if_modified(|logins| {
            logins.remove_waiter();
            false
        });
    }
}

impl Pool {
    /// The first connection that comes back or is made. Callers are served in the sequence in which they came.
    pub(super) async fn wait_for_lease(&self) -> Result<Lease, Error> {
        let deadline = Instant::now() + POOL_TIMEOUT;
        let mut news = self.0.logins.subscribe();
        let _waiting = Waiter::begin(&self.0);
        let mut object = pin!(self.0.idle.get());
        loop {
            let look_again = self.begin_logins();
            if let Some(error) = self.0.permanent_error() {
                return Err(error);
            }
            tokio::select! {
                biased;
                got = &mut object => {
                    let got = got.map_err(|_| Error::PoolClosed)?;
                    if let Some(lease) = self.lease_of(got) {
                        return Ok(lease);
                    }
                    object.set(self.0.idle.get());
                }
                () = sleep_until(deadline) => return Err(self.0.wait_error()),
                () = sleep_until(look_again.unwrap_or(deadline)) => {}
                _ = news.changed() => {}
            }
        }
    }

    /// Begins as many logins as are needed and allowed. Says when time alone allows the next one.
    fn begin_logins(&self) -> Option<Instant> {
        let mut look_again = None;
        self.0.logins.send_if_modified(|logins| {
            loop {
                let now = Instant::now();
                if let Err(later) = logins.next(now) {
                    look_again = later;
                    return false;
                }
                let Ok(slot) = Arc::clone(&self.0.slots).try_acquire_owned() else { return false };
                logins.begin(now);
                tokio::spawn(self.clone().log_in(slot, now));
            }
        });
        look_again
    }

    async fn log_in(self, slot: OwnedSemaphorePermit, began: Instant) {
        let (plan_generation, epoch) =
            (self.0.plan_generation.load(Ordering::Acquire), self.0.write_gate.epoch());
        match self.0.connect().await {
            Ok((connection, token)) => {
                self.0.token.fetch_max(token, Ordering::AcqRel);
                let now = Instant::now();
                let connected = PooledConnection {
                    connection,
                    created_at: now,
                    last_response: now,
                    plan_generation,
                    token,
                    epoch,
                    _slot: slot,
                };
                // There is room: it has no fewer places than there are.
                drop(self.0.idle.try_add(connected));
                self.0.logins.send_if_modified(|logins| {
                    logins.succeed(began, now);
                    logins.has_waiters()
                });
                self.begin_logins();
            }
            Err(error) => {
                drop(slot);
                self.0.logins.send_if_modified(|logins| {
                    logins.fail(began, Instant::now(), error);
                    logins.has_waiters()
                });
            }
        }
    }
}

impl PoolState {
    /// A new connection, and the number of the token that it was made with. A token that the server refuses is
    /// replaced once, if there is another one.
    pub(super) async fn connect(&self) -> Result<(PgConnection, u64), Error> {
        let Some(tokens) = &self.tokens else { return Ok((log_in(&self.address, self.pooler).await?, 0)) };
        let token = tokens.token().await?;
        match log_in(&self.address.clone().password(token.secret.expose()), self.pooler).await {
            Err(error) if is_login_refusal(&error) => {
                let Some(newer) = tokens.newer_than(token.number).await else { return Err(error) };
                let address = self.address.clone().password(newer.secret.expose());
                Ok((log_in(&address, self.pooler).await?, newer.number))
            }
            settled => Ok((settled?, token.number)),
        }
    }

    /// Why no caller gets a connection, where none is there and waiting does not help.
    fn permanent_error(&self) -> Option<Error> {
        let error = self.logins.borrow().error().filter(|error| is_permanent(error))?;
        (self.idle.status().size == 0).then(|| shared_error(&error))
    }

    /// Why a caller waited in vain.
    fn wait_error(&self) -> Error {
        let logins = self.logins.borrow();
        match logins.error() {
            Some(error) => shared_error(&error),
            None if logins.is_under_way() => login_timeout(),
            None => Error::PoolTimedOut,
        }
    }
}

/// Logs in, within [`LOGIN_TIMEOUT`].
async fn log_in(address: &PgConnectOptions, pooler: Pooler) -> Result<PgConnection, Error> {
    let login = async {
        let mut connection = PgConnection::connect_with(address).await?;
        if pooler == Pooler::TransactionPrepared {
            // Each new connection is looked at: a pooler can be told to stop tracking while it runs.
            prepared_statements::check(&mut connection, address).await?;
        }
        Ok(connection)
    };
    match timeout(LOGIN_TIMEOUT, catch_panic(login)).await {
        Ok(ended) => ended.unwrap_or_else(|_| Err(malformed_response())),
        Err(_) => Err(login_timeout()),
    }
}

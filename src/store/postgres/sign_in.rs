//! Signing in with tokens of a managed identity, where others have a password.
//!
//! A token counts when a connection is made. So new connections take the newest one, and how long the old ones live
//! is the pool's matter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Error, PgPool, postgres::PgConnectOptions};

use crate::{
    azure::{ManagedIdentity, Token, TokenError},
    clock::Clock,
    store::StoreError,
    telemetry::Event,
};

/// Whom the tokens are for: Azure Database for PostgreSQL (identity sheet §6.3).
const SCOPE: &str = "https://ossrdbms-aad.database.windows.net/.default";

/// How long nobody asks again for a token after a failure.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The tokens of one pool. Cloning shares them.
#[derive(Clone)]
pub(super) struct SignIn(Arc<Shared>);

struct Shared {
    identity: ManagedIdentity,
    clock: Clock,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Token>,
    /// When the token is to be renewed.
    renew_at: DateTime<Utc>,
    /// Counts tokens, so that whoever was refused one knows whether there is another by now.
    count: u64,
    failed: Option<(DateTime<Utc>, TokenError)>,
}

impl State {
    fn lives(&self, now: DateTime<Utc>) -> bool {
        self.held.as_ref().is_some_and(|token| now < token.expires_at)
    }

    /// Renewed at half its life, whoever issues tokens may be away for the other half.
    fn take(&mut self, token: Token, now: DateTime<Utc>) {
        self.renew_at = now + ((token.expires_at - now) / 2).max(PAUSE);
        if self.held.as_ref().is_none_or(|held| held.secret != token.secret) {
            self.count += 1;
        }
        self.held = Some(token);
        self.failed = None;
    }
}

impl SignIn {
    pub(super) fn new(identity: ManagedIdentity, clock: Clock) -> Self {
        let (state, flight) = Default::default();
        Self(Arc::new(Shared { identity, clock, state, flight }))
    }

    /// Sees to it that new connections of the pool take a living token; waits for one only when there is none. Says
    /// which token that is.
    pub(super) async fn keep(&self, pool: &PgPool) -> Result<u64, StoreError> {
        let now = self.0.clock.now();
        let (count, lives, due) = {
            let state = self.state();
            (state.count, state.lives(now), now >= state.renew_at)
        };
        if !lives {
            return self.renew(pool, count).await.map_err(unavailable);
        }
        if due && self.0.flight.try_lock().is_ok() {
            let (renewing, pool) = (self.clone(), pool.clone());
            tokio::spawn(async move {
                // The failure is logged, and the token that is there still lives.
                let _failed = renewing.renew(&pool, count).await;
            });
        }
        Ok(count)
    }

    /// After a server refused token `seen`: whether there is another one to try.
    pub(super) async fn replaced(&self, pool: &PgPool, seen: u64) -> bool {
        self.renew(pool, seen).await.is_ok_and(|count| count != seen)
    }

    /// These options with a token that lives, for a connection beside the pool.
    pub(super) async fn through(
        &self,
        pool: &PgPool,
        address: PgConnectOptions,
    ) -> Result<PgConnectOptions, StoreError> {
        self.keep(pool).await?;
        Ok(match &self.state().held {
            Some(token) => address.password(token.secret.expose()),
            None => address,
        })
    }

    /// Asks for a token, unless somebody else brought another one than `seen` meanwhile, or failed to just now.
    async fn renew(&self, pool: &PgPool, seen: u64) -> Result<u64, TokenError> {
        let _flight = self.0.flight.lock().await;
        let began = self.0.clock.now();
        {
            let state = self.state();
            if state.count != seen && state.lives(began) {
                return Ok(state.count);
            }
            if let Some((at, error)) = state.failed
                && (began - at).abs() < PAUSE
            {
                return Err(error);
            }
        }
        let asked = self.0.identity.fresh_token(SCOPE).await;
        let now = self.0.clock.now();
        let mut state = self.state();
        match asked {
            Ok(token) => {
                let options = PgConnectOptions::clone(&pool.connect_options());
                pool.set_connect_options(options.password(token.secret.expose()));
                state.take(token, now);
                Event::DatabaseTokenRenewed {}.log();
                Ok(state.count)
            }
            Err(error) => {
                Event::DatabaseTokenMissing { error: &error }.log();
                state.failed = Some((now, error));
                state.renew_at = now + PAUSE;
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(error: TokenError) -> StoreError {
    Error::Configuration(Box::new(error)).into()
}

/// Whether the server did not take what it was shown: SQLSTATE class 28, invalid authorization specification.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    let StoreError::Unavailable(Error::Database(error)) = error else { return false };
    error.code().is_some_and(|code| code.starts_with("28"))
}

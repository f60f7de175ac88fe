//! Access tokens of a managed identity, used as the password.
//!
//! A token is checked when a connection is made: new connections use the newest one. The pool limits how long old
//! ones live.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azure_functions_handler::Outage;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Error, postgres::PgConnectOptions};

use crate::{
    azure::{AccessToken, ManagedIdentity, TokenError},
    clock::Clock,
    secret::Secret,
    telemetry::Event,
};

use super::failure::sqlstate;

/// What the tokens are for: Azure Database for PostgreSQL. See `docs/reference/identity.md#managed-identity`.
const SCOPE: &str = "https://ossrdbms-aad.database.windows.net/.default";

/// How long no token is asked for after a failure.
const RETRY_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The token of one pool. Cloning shares it.
#[derive(Clone)]
pub(in crate::store::postgres) struct DatabaseTokenCache(Arc<Shared>);

struct Shared {
    identity: ManagedIdentity,
    clock: Clock,
    state: Mutex<State>,
    renewal: tokio::sync::Mutex<()>,
    outage: Outage,
}

#[derive(Default)]
struct State {
    current: Option<AccessToken>,
    /// When the token is to be renewed.
    renew_at: DateTime<Utc>,
    /// Counts tokens, so that a connection that was refused one knows whether there is another by now.
    count: u64,
    failed: Option<(DateTime<Utc>, TokenError)>,
}

/// A token and its number; a newer token has a higher one.
pub(super) struct NumberedToken {
    pub(super) number: u64,
    pub(super) secret: Secret,
}

impl State {
    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.current.as_ref().is_some_and(|token| now < token.expires_at)
    }

    fn numbered(&self) -> Option<NumberedToken> {
        let secret = self.current.as_ref()?.secret.clone();
        Some(NumberedToken { number: self.count, secret })
    }

    /// Renewed at half its life, so that the issuer may be unavailable for the other half.
    fn store(&mut self, token: AccessToken, now: DateTime<Utc>) {
        self.renew_at = now + ((token.expires_at - now) / 2).max(RETRY_PAUSE);
        if self.current.as_ref().is_none_or(|held| held.secret != token.secret) {
            self.count += 1;
        }
        self.current = Some(token);
        self.failed = None;
    }
}

impl DatabaseTokenCache {
    pub(in crate::store::postgres) fn new(identity: ManagedIdentity, clock: Clock) -> Self {
        let (state, renewal) = Default::default();
        let outage = Outage::new("database-token-refresh-failed");
        Self(Arc::new(Shared { identity, clock, state, renewal, outage }))
    }

    /// Has the token renewed in the background when that is due. Nothing waits for it.
    pub(super) fn renew_when_due(&self) {
        let (count, due) = {
            let state = self.state();
            (state.count, state.current.is_some() && self.0.clock.now() >= state.renew_at)
        };
        if due && self.0.renewal.try_lock().is_ok() {
            let cache = self.clone();
            tokio::spawn(async move {
                // The failure is logged, and the cached token is still valid.
                let _failed = cache.renew(count).await;
            });
        }
    }

    /// A token that lives, for a new connection; waits for one only when there is none.
    pub(super) async fn token(&self) -> Result<NumberedToken, Error> {
        let now = self.0.clock.now();
        let (count, is_valid) = {
            let state = self.state();
            (state.count, state.is_valid(now))
        };
        if !is_valid {
            self.renew(count).await.map_err(token_error)?;
        }
        self.state().numbered().ok_or(Error::PoolClosed)
    }

    /// After a server refused token `seen`: another one to try, if there is one.
    pub(super) async fn newer_than(&self, seen: u64) -> Option<NumberedToken> {
        self.renew(seen).await.ok().filter(|count| *count != seen)?;
        self.state().numbered()
    }

    /// These options with a valid token, for a connection outside the pool.
    pub(in crate::store::postgres) async fn with_token(
        &self,
        address: PgConnectOptions,
    ) -> Result<PgConnectOptions, Error> {
        Ok(address.password(self.token().await?.secret.expose()))
    }

    /// Asks for a token, unless somebody else brought another one than `seen` meanwhile, or failed to just now.
    async fn renew(&self, seen: u64) -> Result<u64, TokenError> {
        let _renewal = self.0.renewal.lock().await;
        let began = self.0.clock.now();
        {
            let state = self.state();
            if state.count != seen && state.is_valid(began) {
                return Ok(state.count);
            }
            if let Some((at, error)) = state.failed
                && (began - at).abs() < RETRY_PAUSE
            {
                return Err(error);
            }
        }
        let asked = self.0.identity.fresh_token(SCOPE).await;
        let now = self.0.clock.now();
        let mut state = self.state();
        match asked {
            Ok(token) => {
                state.store(token, now);
                self.0.outage.worked();
                Event::DatabaseTokenRefreshed {}.log();
                Ok(state.count)
            }
            Err(error) => {
                self.0
                    .outage
                    .failed(Some(&error), || Event::DatabaseTokenRefreshFailed { error: &error }.log());
                state.failed = Some((now, error));
                state.renew_at = now + RETRY_PAUSE;
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token_error(error: TokenError) -> Error {
    Error::Configuration(Box::new(error))
}

/// Whether the server refused the login: SQLSTATE class 28, invalid authorization specification.
pub(super) fn is_login_refusal(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| code.starts_with("28"))
}

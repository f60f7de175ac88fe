//! Signing in with tokens of a managed identity, where others have a password.
//!
//! A token counts when a connection is made. So new connections take the newest one, and how long the old ones live
//! is the pool's matter.

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
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The tokens of one pool. Cloning shares them.
#[derive(Clone)]
pub(in crate::store::postgres) struct SignIn(Arc<Shared>);

struct Shared {
    identity: ManagedIdentity,
    clock: Clock,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
    missing: Outage,
}

#[derive(Default)]
struct State {
    held: Option<AccessToken>,
    /// When the token is to be renewed.
    renew_at: DateTime<Utc>,
    /// Counts tokens, so that a connection that was refused one knows whether there is another by now.
    count: u64,
    failed: Option<(DateTime<Utc>, TokenError)>,
}

/// A token, by the number that the pool knows it by: a newer one has a higher one.
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) secret: Secret,
}

impl State {
    fn lives(&self, now: DateTime<Utc>) -> bool {
        self.held.as_ref().is_some_and(|token| now < token.expires_at)
    }

    fn numbered(&self) -> Option<Numbered> {
        let secret = self.held.as_ref()?.secret.clone();
        Some(Numbered { number: self.count, secret })
    }

    /// Renewed at half its life, so that the issuer may be away for the other half.
    fn take(&mut self, token: AccessToken, now: DateTime<Utc>) {
        self.renew_at = now + ((token.expires_at - now) / 2).max(PAUSE);
        if self.held.as_ref().is_none_or(|held| held.secret != token.secret) {
            self.count += 1;
        }
        self.held = Some(token);
        self.failed = None;
    }
}

impl SignIn {
    pub(in crate::store::postgres) fn new(identity: ManagedIdentity, clock: Clock) -> Self {
        let (state, flight) = Default::default();
        let missing = Outage::new("database-token-missing");
        Self(Arc::new(Shared { identity, clock, state, flight, missing }))
    }

    /// Has the token renewed in the background when that is due. Nothing waits for it.
    pub(super) fn renew_when_due(&self) {
        let (count, due) = {
            let state = self.state();
            (state.count, state.held.is_some() && self.0.clock.now() >= state.renew_at)
        };
        if due && self.0.flight.try_lock().is_ok() {
            let renewing = self.clone();
            tokio::spawn(async move {
                // The failure is logged, and the token that is there still lives.
                let _failed = renewing.renew(count).await;
            });
        }
    }

    /// A token that lives, for a new connection; waits for one only when there is none.
    pub(super) async fn token(&self) -> Result<Numbered, Error> {
        let now = self.0.clock.now();
        let (count, lives) = {
            let state = self.state();
            (state.count, state.lives(now))
        };
        if !lives {
            self.renew(count).await.map_err(missing)?;
        }
        self.state().numbered().ok_or(Error::PoolClosed)
    }

    /// After a server refused token `seen`: another one to try, if there is one.
    pub(super) async fn newer_than(&self, seen: u64) -> Option<Numbered> {
        self.renew(seen).await.ok().filter(|count| *count != seen)?;
        self.state().numbered()
    }

    /// These options with a token that lives, for a connection beside the pool.
    pub(in crate::store::postgres) async fn through(
        &self,
        address: PgConnectOptions,
    ) -> Result<PgConnectOptions, Error> {
        Ok(address.password(self.token().await?.secret.expose()))
    }

    /// Asks for a token, unless somebody else brought another one than `seen` meanwhile, or failed to just now.
    async fn renew(&self, seen: u64) -> Result<u64, TokenError> {
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
                state.take(token, now);
                self.0.missing.worked();
                Event::DatabaseTokenRenewed {}.log();
                Ok(state.count)
            }
            Err(error) => {
                self.0.missing.failed(Some(&error), || Event::DatabaseTokenMissing { error: &error }.log());
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

fn missing(error: TokenError) -> Error {
    Error::Configuration(Box::new(error))
}

/// Whether the server did not take what it was shown: SQLSTATE class 28, invalid authorization specification.
pub(super) fn is_refusal(error: &Error) -> bool {
    sqlstate(error).is_some_and(|code| code.starts_with("28"))
}

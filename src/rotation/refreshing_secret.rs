//! A secret that is read again in the background, by one reader at a time.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azure_functions_handler::Outage;
use chrono::{DateTime, TimeDelta, Utc};

use super::source::{SecretError, SecretSource};
use crate::{
    clock::Clock,
    secret::Secret,
    telemetry::Event,
    vault::{Vault, VaultError},
};

/// How often a vault is asked again.
const VAULT_INTERVAL: TimeDelta = TimeDelta::minutes(5);
/// How often a file is read again, at most.
const FILE_INTERVAL: TimeDelta = TimeDelta::seconds(1);
/// The pause after a failed request, unless the vault asks for another one.
const MIN_RETRY_DELAY: TimeDelta = TimeDelta::seconds(5);
/// How long the background waits after a failure.
const BACKGROUND_RETRY_DELAY: Duration = Duration::from_secs(30);
/// How long the last secret stays in use while it cannot be read again.
const MAX_STALE: TimeDelta = TimeDelta::hours(1);
/// The longest file that is read: far more than any certificate with its chain.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A secret of a setting, for as long as the process lives.
///
/// [`Self::current`] hands out the same `Arc` until the secret changes, so code that made something of it finds out by
/// [`Arc::ptr_eq`] that it is to be made again. While the secret cannot be read, the last one stays in use for an
/// hour. When the vault refuses the secret, does not find it or calls it expired, the last one is dropped at once.
#[derive(Debug)]
pub struct RefreshingSecret {
    source: SecretSource,
    vault: Option<Vault>,
    state: Mutex<State>,
    refresh_lock: tokio::sync::Mutex<()>,
    outage: Outage,
}

#[derive(Debug, Default)]
struct State {
    cached: Option<Cached>,
    /// When it was last asked for, and when it may be asked for again.
    last_attempt: Option<(DateTime<Utc>, DateTime<Utc>)>,
    last_error: Option<SecretError>,
}

#[derive(Debug)]
struct Cached {
    secret: Arc<Secret>,
    until: DateTime<Utc>,
}

impl RefreshingSecret {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: SecretSource, vault: Option<Vault>) -> Self {
        let outage = Outage::new("secret-refresh-failed");
        Self { source, vault, state: Mutex::default(), refresh_lock: tokio::sync::Mutex::default(), outage }
    }

    /// The secret that is valid at `now`, as far as the worker knows. Reads it only when there is none to hand, or
    /// when it is in a file that was not looked at for a second.
    ///
    /// # Errors
    /// [`SecretError`], when it could never be read, not for an hour, or is refused.
    pub async fn current(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        match self.cached(now) {
            Some(secret) => Ok(secret),
            None => self.refresh(now).await,
        }
    }

    /// The secret, if no read is needed: also a file's, if it was read within a second or is being read.
    #[must_use]
    pub fn cached(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        let (cached, may_fetch) = {
            let state = self.state();
            (state.cached(now)?, state.may_fetch(now))
        };
        let is_in_vault = matches!(self.source, SecretSource::Vault(_));
        (is_in_vault || !may_fetch || self.refresh_lock.try_lock().is_err()).then_some(cached)
    }

    /// Reads the secret again, unless that was done just now: a caller that waits for another's reading takes its
    /// result.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub async fn refresh(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        let _guard = self.refresh_lock.lock().await;
        if self.state().may_fetch(now) {
            let read = self.read(now).await;
            match &read {
                Ok(_) => self.outage.worked(),
                Err(error) => self.outage.failed(Some(error), || Event::SecretRefreshFailed { error }.log()),
            }
            self.state().record(read, now, &self.source);
        }
        self.state().result(now)
    }

    /// Reads the secret every five minutes; never returns. Only a secret in a vault needs it.
    pub async fn keep_fresh(&self, clock: Clock) {
        let between = VAULT_INTERVAL.to_std().unwrap_or(BACKGROUND_RETRY_DELAY);
        loop {
            let fresh = self.refresh(clock.now()).await.is_ok() && self.state().last_error.is_none();
            tokio::time::sleep(if fresh { between } else { BACKGROUND_RETRY_DELAY }).await;
        }
    }

    async fn read(&self, now: DateTime<Utc>) -> Result<Cached, SecretError> {
        match &self.source {
            SecretSource::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                let text = read.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
                let text = text.map_err(|error| SecretError::File(Arc::new(error)))?;
                Ok(Cached { secret: Arc::new(Secret::new(text)), until: now + MAX_STALE })
            }
            SecretSource::Vault(name) => {
                let vault = self.vault.as_ref().ok_or(SecretError::NoVault)?;
                let found = vault.read(name).await?;
                let end = found.properties.expires_at.unwrap_or(now + MAX_STALE);
                Ok(Cached { secret: Arc::new(found.into_secret(now)?), until: end.min(now + MAX_STALE) })
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cached(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        self.cached.as_ref().filter(|cached| now < cached.until).map(|cached| Arc::clone(&cached.secret))
    }

    /// Whether the source may be read again; a time before the last reading, as after a clock was set back, counts as
    /// long after it.
    fn may_fetch(&self, now: DateTime<Utc>) -> bool {
        self.last_attempt.is_none_or(|(at, again)| now < at || now >= again)
    }

    fn result(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        let unknown = || SecretError::Vault(VaultError::Unavailable { retry_after: None });
        self.cached(now).ok_or_else(|| self.last_error.clone().unwrap_or_else(unknown))
    }

    fn record(&mut self, read: Result<Cached, SecretError>, now: DateTime<Utc>, source: &SecretSource) {
        let pause = match (&read, source) {
            (_, SecretSource::File(_)) => FILE_INTERVAL,
            (Err(SecretError::Vault(VaultError::Unavailable { retry_after: Some(wait) })), _) => {
                TimeDelta::from_std(*wait)
                    .map_or(VAULT_INTERVAL, |wait| wait.clamp(MIN_RETRY_DELAY, VAULT_INTERVAL))
            }
            _ => MIN_RETRY_DELAY,
        };
        self.last_attempt = Some((now, now + pause));
        match read {
            Ok(read) => self.store(read),
            Err(error) => {
                if !error.is_outage() {
                    self.cached = None;
                }
                self.last_error = Some(error);
            }
        }
    }

    /// The same text keeps the same `Arc`, so that nothing is made anew without a change.
    fn store(&mut self, read: Cached) {
        self.last_error = None;
        match &mut self.cached {
            Some(cached) if cached.secret == read.secret => cached.until = read.until,
            cached => {
                if cached.is_some() {
                    Event::SecretRotated {}.log();
                }
                *cached = Some(read);
            }
        }
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}

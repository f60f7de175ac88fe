//! A secret that stays fresh: read again in the background, by one reader at a time.

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
const VAULT: TimeDelta = TimeDelta::minutes(5);
/// How often a file is read again, at most.
const FILE: TimeDelta = TimeDelta::seconds(1);
/// How long no request is sent again after a failure, unless the vault says how long.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// How long the background waits after a failure.
const AGAIN: Duration = Duration::from_secs(30);
/// How long the last secret stays in use while it cannot be read again.
const STALE: TimeDelta = TimeDelta::hours(1);
/// The longest file that is read: far more than any certificate with its chain.
const LONGEST: u64 = 1024 * 1024;

/// A secret of a setting, for as long as the process lives.
///
/// [`Self::current`] hands out the same `Arc` until the secret changes, so code that made something of it finds out by
/// [`Arc::ptr_eq`] that it is to be made again. While the secret cannot be read, the last one stays in use for an
/// hour; one that the vault refuses, misses or calls expired goes out of use at once.
#[derive(Debug)]
pub struct Kept {
    source: SecretSource,
    vault: Option<Vault>,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
    unread: Outage,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// When it was last asked for, and when it may be asked for again.
    tried: Option<(DateTime<Utc>, DateTime<Utc>)>,
    failed: Option<SecretError>,
}

#[derive(Debug)]
struct Held {
    secret: Arc<Secret>,
    until: DateTime<Utc>,
}

impl Kept {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: SecretSource, vault: Option<Vault>) -> Self {
        let unread = Outage::new("secret-unread");
        Self { source, vault, state: Mutex::default(), flight: tokio::sync::Mutex::default(), unread }
    }

    /// The secret, as far as it is known at `now`. Reads it only when there is none to hand, or when it is in a file
    /// that was not looked at for a second.
    ///
    /// # Errors
    /// [`SecretError`], when it could never be read, not for an hour, or is refused.
    pub async fn current(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        match self.at_hand(now) {
            Some(secret) => Ok(secret),
            None => self.refresh(now).await,
        }
    }

    /// The secret, where it is there without a wait: a file's too, while it was just looked at or is being looked at.
    #[must_use]
    pub fn at_hand(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        let (held, may_ask) = {
            let state = self.state();
            (state.held(now)?, state.may_ask(now))
        };
        let is_of_a_vault = matches!(self.source, SecretSource::Vault(_));
        (is_of_a_vault || !may_ask || self.flight.try_lock().is_err()).then_some(held)
    }

    /// Reads the secret again, unless that was done just now: a caller that waits for another's reading takes its
    /// result.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub async fn refresh(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        let _flight = self.flight.lock().await;
        if self.state().may_ask(now) {
            let read = self.read(now).await;
            match &read {
                Ok(_) => self.unread.worked(),
                Err(error) => self.unread.failed(Some(error), || Event::SecretUnread { error }.log()),
            }
            self.state().settle(read, now, &self.source);
        }
        self.state().outcome(now)
    }

    /// Reads the secret every five minutes; never returns. Only a secret in a vault needs it.
    pub async fn keep_fresh(&self, clock: Clock) {
        let between = VAULT.to_std().unwrap_or(AGAIN);
        loop {
            let fresh = self.refresh(clock.now()).await.is_ok() && self.state().failed.is_none();
            tokio::time::sleep(if fresh { between } else { AGAIN }).await;
        }
    }

    async fn read(&self, now: DateTime<Utc>) -> Result<Held, SecretError> {
        match &self.source {
            SecretSource::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                let text = read.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
                let text = text.map_err(|error| SecretError::File(Arc::new(error)))?;
                Ok(Held { secret: Arc::new(Secret::new(text)), until: now + STALE })
            }
            SecretSource::Vault(name) => {
                let vault = self.vault.as_ref().ok_or(SecretError::NoVault)?;
                let found = vault.read(name).await?;
                let end = found.about.expires_at.unwrap_or(now + STALE);
                Ok(Held { secret: Arc::new(found.text(now)?), until: end.min(now + STALE) })
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        self.held.as_ref().filter(|held| now < held.until).map(|held| Arc::clone(&held.secret))
    }

    /// A clock that was set back must not silence it, so a time before the last reading counts as long after it.
    fn may_ask(&self, now: DateTime<Utc>) -> bool {
        self.tried.is_none_or(|(at, again)| now < at || now >= again)
    }

    fn outcome(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        let unknown = || SecretError::Vault(VaultError::Unavailable { retry_after: None });
        self.held(now).ok_or_else(|| self.failed.clone().unwrap_or_else(unknown))
    }

    fn settle(&mut self, read: Result<Held, SecretError>, now: DateTime<Utc>, source: &SecretSource) {
        let pause = match (&read, source) {
            (_, SecretSource::File(_)) => FILE,
            (Err(SecretError::Vault(VaultError::Unavailable { retry_after: Some(wait) })), _) => {
                TimeDelta::from_std(*wait).map_or(VAULT, |wait| wait.clamp(PAUSE, VAULT))
            }
            _ => PAUSE,
        };
        self.tried = Some((now, now + pause));
        match read {
            Ok(read) => self.take(read),
            Err(error) => {
                if !error.is_outage() {
                    self.held = None;
                }
                self.failed = Some(error);
            }
        }
    }

    /// The same text stays the same value, so that nothing is made anew that did not change.
    fn take(&mut self, read: Held) {
        self.failed = None;
        match &mut self.held {
            Some(held) if held.secret == read.secret => held.until = read.until,
            held => {
                if held.is_some() {
                    Event::SecretRotated {}.log();
                }
                *held = Some(read);
            }
        }
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}

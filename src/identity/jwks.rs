//! The issuer's keys: fetched when a token needs them, never more often than their throttle allows, and cached while
//! the issuer is unavailable.
//!
//! - A set is **renewed** from an hour after it was fetched, by a request or by the clock, whichever comes first;
//!   until then a key that the issuer has removed still counts, afterwards it does not. While renewing fails, requests
//!   use the cached set for 24 hours after it was fetched, and renewing is tried once a minute.
//! - A **key id that is in no set** has the set fetched at once, but only once a minute however many ask. After an
//!   attempt that was refused the next one comes sooner, as without a set, also by the clock: a key that was missed is
//!   found within ten seconds of the issuer's return. After an attempt that timed out the next one does not come sooner,
//!   no matter how many callers ask.
//! - With **no set at all** no token is accepted, and fetching is tried after 1, 2, 4, 8, 8, … seconds.
//!
//! One fetch runs at a time, in the background. A token that was verified before, or whose key is cached, never waits
//! for it. Other tokens wait for the fetch, but only a few at a time and not for long: see
//! [`JwksLimits`](crate::limits::JwksLimits).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use azure_functions_handler::Outage;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use tokio::{
    sync::{Semaphore, watch},
    time::{interval, timeout},
};

use super::{authentication_error::Reason, settings::TokenSettings};
use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    limits::{JwksLimits, LIMITS},
    telemetry::{Event, chain},
};
use jwk::VerifyingKey;
pub(super) use jwk::is_key_id;
use oidc_discovery::OidcDiscovery;
use refresh_throttle::{Attempt, RefreshThrottle};

mod jwk;
mod refresh_throttle;
mod oidc_discovery;

/// From this age on a set is renewed.
const REFRESH_AFTER: TimeDelta = TimeDelta::hours(1);
/// From this age on a set is worth nothing.
const MAX_STALE: TimeDelta = TimeDelta::hours(24);
/// How often the timer checks whether there is something to fetch.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The signing keys of one issuer, cached.
pub(super) struct JwksCache(Arc<Shared>);

/// What requests share with the fetch that runs beside them.
struct Shared {
    discovery: OidcDiscovery,
    cached: RwLock<CachedKeySet>,
    throttle: Mutex<RefreshThrottle>,
    /// Whether a fetch runs.
    fetching: watch::Sender<bool>,
    limits: JwksLimits,
    /// One permit for each call that may wait for a fetch.
    waiting: Semaphore,
    outage: Outage,
}

#[derive(Clone, Default)]
struct CachedKeySet {
    set: Option<Arc<KeySet>>,
    /// Whether the last attempt to fetch a set failed.
    last_fetch_failed: bool,
}

/// The keys that the issuer published at one time.
struct KeySet {
    by_id: HashMap<String, VerifyingKey>,
    fetched: DateTime<Utc>,
    /// Another one for each set of other keys.
    generation: u64,
}

/// A key, and the set that contains it.
pub(super) struct Key {
    pub(super) decoding: Arc<DecodingKey>,
    pub(super) generation: u64,
}

impl JwksCache {
    pub(super) fn new(settings: &TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let limits = LIMITS.jwks;
        Ok(Self(Arc::new(Shared {
            discovery: OidcDiscovery::new(settings, roots)?,
            cached: RwLock::default(),
            throttle: Mutex::default(),
            fetching: watch::Sender::new(false),
            limits,
            waiting: Semaphore::new(limits.max_waiting),
            outage: Outage::new("jwks-fetch-failed"),
        })))
    }

    /// The set in use, if there is one that is young enough; never waits.
    pub(super) fn generation(&self, now: DateTime<Utc>) -> Option<u64> {
        let set = self.0.cached().usable(now)?;
        self.refresh_if_old(&set, now);
        Some(set.generation)
    }

    /// The key of this id; waits for a fetch only where it is not cached.
    pub(super) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Key, Reason> {
        if let Some(set) = self.0.cached().usable(now)
            && let Some(key) = set.key(id)
        {
            self.refresh_if_old(&set, now);
            return Ok(key);
        }
        let allowed = if self.0.cached().usable(now).is_some() {
            RefreshThrottle::allows_unknown_key
        } else {
            RefreshThrottle::allows_first_fetch
        };
        if self.fetch_if(allowed, now) {
            self.wait_for_fetch().await?;
        }
        let cached = self.0.cached();
        let set = cached.usable(now).ok_or(Reason::KeysUnavailable)?;
        match set.key(id) {
            Some(key) => Ok(key),
            // It may be a new key, and the issuer does not answer.
            None if cached.last_fetch_failed => Err(Reason::KeysUnavailable),
            None => Err(Reason::KeyUnknown),
        }
    }

    /// Fetches a first set, so that the first caller need not wait for it.
    pub(super) async fn prepare(&self, now: DateTime<Utc>) {
        self.fetch_if(RefreshThrottle::allows_first_fetch, now);
        self.fetch_finished().await;
    }

    /// Fetches keys when they are due, for as long as the process lives.
    pub(super) async fn keep_fresh(&self, clock: Clock) {
        let mut look = interval(CHECK_INTERVAL);
        loop {
            look.tick().await;
            self.fetch_due(clock.now());
        }
    }

    /// Renews an old set, and looks again for a key that was missed.
    pub(super) fn fetch_due(&self, now: DateTime<Utc>) {
        if let Some(set) = self.0.cached().usable(now) {
            self.refresh_if_old(&set, now);
        }
        self.fetch_if(RefreshThrottle::allows_retry, now);
    }

    /// How many calls wait for a fetch.
    pub(super) fn waiting(&self) -> usize {
        self.0.limits.max_waiting - self.0.waiting.available_permits()
    }

    fn refresh_if_old(&self, set: &KeySet, now: DateTime<Utc>) {
        if set.age(now) >= REFRESH_AFTER {
            self.fetch_if(RefreshThrottle::allows_refresh, now);
        }
    }

    /// Waits for the fetch that runs, if there is a place for one more.
    async fn wait_for_fetch(&self) -> Result<(), Reason> {
        let _permit = self.0.waiting.try_acquire().map_err(|_| Reason::KeysAwaited)?;
        timeout(self.0.limits.max_wait, self.fetch_finished()).await.map_err(|_| Reason::KeysUnavailable)
    }

    /// Resolves when no fetch runs.
    pub(super) async fn fetch_finished(&self) {
        let mut fetching = self.0.fetching.subscribe();
        // The sender lives as long as we do.
        let _ended = fetching.wait_for(|fetching| !fetching).await;
    }

    /// Starts a fetch, if none runs and the throttle allows it; returns whether one runs now.
    fn fetch_if(&self, allowed: fn(&mut RefreshThrottle, DateTime<Utc>) -> bool, now: DateTime<Utc>) -> bool {
        let mut throttle = self.0.throttle();
        if *self.0.fetching.borrow() {
            return true;
        }
        if !allowed(&mut throttle, now) {
            return false;
        }
        self.0.fetching.send_replace(true);
        let running = FetchGuard(Arc::clone(&self.0));
        tokio::spawn(async move { running.0.fetch(now).await });
        true
    }
}

/// A fetch that runs, until it is dropped.
struct FetchGuard(Arc<Shared>);

impl Drop for FetchGuard {
    fn drop(&mut self) {
        self.0.fetching.send_replace(false);
    }
}

impl Shared {
    async fn fetch(&self, now: DateTime<Utc>) {
        let fetched = self.discovery.fetch().await;
        self.throttle().record(match &fetched {
            Ok(_) => Attempt::Succeeded,
            Err(error) if error.is_timeout() => Attempt::TimedOut,
            Err(_) => Attempt::Failed,
        });
        let mut cached = self.cached.write().unwrap_or_else(PoisonError::into_inner);
        cached.last_fetch_failed = fetched.is_err();
        match fetched {
            Ok(by_id) => {
                self.outage.worked();
                let generation = cached.set.as_ref().map_or(0, |set| set.generation_of(&by_id));
                cached.set = Some(Arc::new(KeySet { by_id, fetched: now, generation }));
            }
            Err(error) => {
                let begin = || Event::JwksFetchFailed { error: &error }.log();
                self.outage.failed(Some(&chain(&error)), begin);
            }
        }
    }

    fn cached(&self) -> CachedKeySet {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn throttle(&self) -> MutexGuard<'_, RefreshThrottle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedKeySet {
    fn usable(&self, now: DateTime<Utc>) -> Option<Arc<KeySet>> {
        self.set.clone().filter(|set| set.age(now) < MAX_STALE)
    }
}

impl KeySet {
    /// A clock that was set back makes a set old, not young for ever.
    fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        (now - self.fetched).abs()
    }

    fn key(&self, id: &str) -> Option<Key> {
        let decoding = Arc::clone(&self.by_id.get(id)?.decoding);
        Some(Key { decoding, generation: self.generation })
    }

    /// The generation of the next set: the same if the keys are the same, because tokens that they verified stay
    /// valid.
    fn generation_of(&self, next: &HashMap<String, VerifyingKey>) -> u64 {
        if self.by_id == *next { self.generation } else { self.generation + 1 }
    }
}

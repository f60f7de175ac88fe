//! The issuer's keys: fetched when a token asks for them, never more often than their pace allows, and kept while the
//! issuer is away.
//!
//! - A set is **renewed** from an hour after it was fetched, by a request or by the clock, whichever comes first; until
//!   then a key that the issuer has removed still counts, afterwards it does not. While renewing fails, requests go on
//!   with the set they have, for 24 hours after it was fetched, and renewing is tried once a minute.
//! - A **key id that is in no set** has the set fetched at once, but only once a minute however many ask. After an
//!   attempt that was refused the next one comes sooner, as without a set, also by the clock: a key that was missed is
//!   found within ten seconds of the issuer's return. After one that hung it comes no sooner, whatever asks.
//! - With **no set at all** no token is accepted, and fetching is tried after 1, 2, 4, 8, 8, … seconds.
//!
//! One fetch runs at a time, beside the requests. A token that was verified before, or whose key is at hand, never
//! waits for it. The others do, a few of them and not for long: see [`KeyLimits`](crate::limits::KeyLimits).

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

use super::{refusal::Reason, settings::TokenSettings};
use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    limits::{KeyLimits, LIMITS},
    telemetry::{Event, chain},
};
use jwk::VerifyingKey;
pub(super) use jwk::is_id;
use pace::{Attempt, Pace};
use source::Source;

mod jwk;
mod pace;
mod source;

/// From this age on a set is renewed.
const RENEWED_AFTER: TimeDelta = TimeDelta::hours(1);
/// From this age on a set is worth nothing.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// How often the clock looks whether there is something to fetch.
const LOOK: Duration = Duration::from_secs(1);

/// The keys of one issuer.
pub(super) struct Keys(Arc<Shared>);

/// What requests share with the fetch that runs beside them.
struct Shared {
    source: Source,
    held: RwLock<Held>,
    pace: Mutex<Pace>,
    /// Whether a fetch runs.
    fetching: watch::Sender<bool>,
    limits: KeyLimits,
    /// One permit for each call that may wait for a fetch.
    waiting: Semaphore,
    outage: Outage,
}

#[derive(Clone, Default)]
struct Held {
    set: Option<Arc<KeySet>>,
    /// Whether the last attempt to fetch a set failed.
    failing: bool,
}

/// What the issuer said at one time.
struct KeySet {
    by_id: HashMap<String, VerifyingKey>,
    fetched: DateTime<Utc>,
    /// Another one for each set of other keys.
    generation: u64,
}

/// A key, and which set it stands in.
pub(super) struct Key {
    pub(super) decoding: Arc<DecodingKey>,
    pub(super) generation: u64,
}

impl Keys {
    pub(super) fn new(settings: &TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let limits = LIMITS.keys;
        Ok(Self(Arc::new(Shared {
            source: Source::new(settings, roots)?,
            held: RwLock::default(),
            pace: Mutex::default(),
            fetching: watch::Sender::new(false),
            limits,
            waiting: Semaphore::new(limits.waiting),
            outage: Outage::new("issuer-keys-missing"),
        })))
    }

    /// The set in use, if there is one that is young enough; never waits.
    pub(super) fn generation(&self, now: DateTime<Utc>) -> Option<u64> {
        let set = self.0.held().usable(now)?;
        self.renew_if_old(&set, now);
        Some(set.generation)
    }

    /// The key of this id; waits for a fetch only where it is not at hand.
    pub(super) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Key, Reason> {
        if let Some(set) = self.0.held().usable(now)
            && let Some(key) = set.key(id)
        {
            self.renew_if_old(&set, now);
            return Ok(key);
        }
        let may = if self.0.held().usable(now).is_some() { Pace::may_seek } else { Pace::may_begin };
        if self.fetch_if(may, now) {
            self.wait().await?;
        }
        let held = self.0.held();
        let set = held.usable(now).ok_or(Reason::KeysUnavailable)?;
        match set.key(id) {
            Some(key) => Ok(key),
            // It may be a new key, and the issuer cannot be asked.
            None if held.failing => Err(Reason::KeysUnavailable),
            None => Err(Reason::KeyUnknown),
        }
    }

    /// Fetches a first set, so that the first caller need not wait for it.
    pub(super) async fn prepare(&self, now: DateTime<Utc>) {
        self.fetch_if(Pace::may_begin, now);
        self.no_fetch_runs().await;
    }

    /// Fetches what is due by the clock, for as long as the process lives.
    pub(super) async fn keep_fresh(&self, clock: Clock) {
        let mut look = interval(LOOK);
        loop {
            look.tick().await;
            self.look(clock.now());
        }
    }

    /// Renews an old set, and looks again for a key that was missed.
    pub(super) fn look(&self, now: DateTime<Utc>) {
        if let Some(set) = self.0.held().usable(now) {
            self.renew_if_old(&set, now);
        }
        self.fetch_if(Pace::may_retry, now);
    }

    /// How many calls wait for a fetch.
    pub(super) fn waiting(&self) -> usize {
        self.0.limits.waiting - self.0.waiting.available_permits()
    }

    fn renew_if_old(&self, set: &KeySet, now: DateTime<Utc>) {
        if set.age(now) >= RENEWED_AFTER {
            self.fetch_if(Pace::may_renew, now);
        }
    }

    /// Waits for the fetch that runs, if there is a place for one more.
    async fn wait(&self) -> Result<(), Reason> {
        let _place = self.0.waiting.try_acquire().map_err(|_| Reason::KeysAwaited)?;
        timeout(self.0.limits.wait, self.no_fetch_runs()).await.map_err(|_| Reason::KeysUnavailable)
    }

    /// Resolves when no fetch runs.
    pub(super) async fn no_fetch_runs(&self) {
        let mut fetching = self.0.fetching.subscribe();
        // The sender lives as long as we do.
        let _ended = fetching.wait_for(|fetching| !fetching).await;
    }

    /// Starts a fetch, if none runs and the pace allows it; says whether one runs now.
    fn fetch_if(&self, may: fn(&mut Pace, DateTime<Utc>) -> bool, now: DateTime<Utc>) -> bool {
        let mut pace = self.0.pace();
        if *self.0.fetching.borrow() {
            return true;
        }
        if !may(&mut pace, now) {
            return false;
        }
        self.0.fetching.send_replace(true);
        let running = Running(Arc::clone(&self.0));
        tokio::spawn(async move { running.0.fetch(now).await });
        true
    }
}

/// A fetch that runs, until it is dropped.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetching.send_replace(false);
    }
}

impl Shared {
    async fn fetch(&self, now: DateTime<Utc>) {
        let fetched = self.source.fetch().await;
        self.pace().ended(match &fetched {
            Ok(_) => Attempt::Succeeded,
            Err(error) if error.is_timeout() => Attempt::Hung,
            Err(_) => Attempt::Failed,
        });
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.failing = fetched.is_err();
        match fetched {
            Ok(by_id) => {
                self.outage.worked();
                let generation = held.set.as_ref().map_or(0, |set| set.generation_of(&by_id));
                held.set = Some(Arc::new(KeySet { by_id, fetched: now, generation }));
            }
            Err(error) => {
                let begin = || Event::KeysMissing { error: &error }.log();
                self.outage.failed(Some(&chain(&error)), begin);
            }
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn usable(&self, now: DateTime<Utc>) -> Option<Arc<KeySet>> {
        self.set.clone().filter(|set| set.age(now) < KEPT_FOR)
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

    /// The generation of the set that follows: the same where its keys are, for what they proved still holds.
    fn generation_of(&self, next: &HashMap<String, VerifyingKey>) -> u64 {
        if self.by_id == *next { self.generation } else { self.generation + 1 }
    }
}

//! The issuer's keys: fetched when a token asks for them, never more often than their pace allows, and kept while the
//! issuer is away.
//!
//! - A set is **renewed** by the first request an hour after it was fetched; until then a key that the issuer has
//!   removed still counts, afterwards it does not. While renewing fails, requests go on with the set they have, for
//!   24 hours after it was fetched, and renewing is tried once a minute.
//! - A **key id that is in no set** has the set renewed at once, but only once a minute however many ask. After an
//!   attempt that failed the next one comes sooner, as without a set.
//! - With **no set at all** no token is accepted, and fetching is tried after 1, 2, 4, 8, 8, … seconds.
//!
//! One request fetches at a time; those who need the outcome wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use tokio::sync::Mutex;

use super::refusal::Reason;
use crate::{
    config::TokenSettings,
    host::Outage,
    https::{ClientError, Roots},
    telemetry::{Event, chain},
};
pub(super) use jwk::is_id;
use pace::Pace;
use source::Source;

mod jwk;
mod pace;
mod source;

/// From this age on a set is renewed.
const RENEWED_AFTER: TimeDelta = TimeDelta::hours(1);
/// From this age on a set is worth nothing.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// The keys of one issuer.
pub(super) struct Keys {
    source: Source,
    held: RwLock<Held>,
    pace: Mutex<Pace>,
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
    by_id: HashMap<String, Arc<DecodingKey>>,
    fetched: DateTime<Utc>,
    /// Another one for each set.
    generation: u64,
}

/// A key, and which set it stands in.
pub(super) struct Key {
    pub(super) decoding: Arc<DecodingKey>,
    pub(super) generation: u64,
}

impl Keys {
    pub(super) fn new(settings: &TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        Ok(Self {
            source: Source::new(settings, roots)?,
            held: RwLock::default(),
            pace: Mutex::default(),
            outage: Outage::new("issuer-keys-missing"),
        })
    }

    /// The set in use, if it is young enough to be used without asking.
    pub(super) fn generation(&self, now: DateTime<Utc>) -> Option<u64> {
        let set = self.held().set?;
        (set.age(now) < RENEWED_AFTER).then_some(set.generation)
    }

    /// The key of this id.
    pub(super) async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<Key, Reason> {
        let before = self.held().usable(now);
        match &before {
            Some(set) if set.by_id.contains_key(id) => {
                // Whoever finds the set being renewed goes on with the old one: nobody waits for a slow issuer twice.
                if set.age(now) >= RENEWED_AFTER
                    && let Ok(mut pace) = self.pace.try_lock()
                    && pace.may_renew(now)
                {
                    self.fetch(&mut pace, now).await;
                }
            }
            _ => self.fetch_unless_changed(before.as_deref(), now).await,
        }
        let held = self.held();
        let set = held.usable(now).ok_or(Reason::KeysUnavailable)?;
        match set.by_id.get(id) {
            Some(decoding) => Ok(Key { decoding: Arc::clone(decoding), generation: set.generation }),
            // It may be a new key, and the issuer cannot be asked.
            None if held.failing => Err(Reason::KeysUnavailable),
            None => Err(Reason::KeyUnknown),
        }
    }

    /// Fetches a first set, so that the first caller need not wait for it.
    pub(super) async fn prepare(&self, now: DateTime<Utc>) {
        self.fetch_unless_changed(None, now).await;
    }

    async fn fetch_unless_changed(&self, before: Option<&KeySet>, now: DateTime<Utc>) {
        let mut pace = self.pace.lock().await;
        let current = self.held().usable(now);
        if current.map(|set| set.generation) != before.map(|set| set.generation) {
            return;
        }
        let may = if before.is_some() { pace.may_seek(now) } else { pace.may_begin(now) };
        if may {
            self.fetch(&mut pace, now).await;
        }
    }

    async fn fetch(&self, pace: &mut Pace, now: DateTime<Utc>) {
        let fetched = self.source.fetch().await;
        pace.ended(fetched.is_ok());
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.failing = fetched.is_err();
        match fetched {
            Ok(by_id) => {
                self.outage.worked();
                let generation = held.set.as_ref().map_or(0, |set| set.generation + 1);
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
}

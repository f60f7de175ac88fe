//! Tokens that were verified before, by their hash: a second verification would find the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::evidence::Evidence;
use crate::limits::LIMITS;

/// Tokens in one of the two halves.
const HALF: usize = LIMITS.memory.verified_tokens / 2;

/// A token's SHA-256: a reader of the memory cannot use the token.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// What a token says, while the keys that proved it are those in use and its time is not over.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) evidence: Arc<Evidence>,
    /// From this second since 1970 on it is refused.
    pub(super) ends: i64,
    /// The key set that proved it.
    pub(super) generation: u64,
}

/// Two halves of bounded size: when the young one is full it becomes the old one, and the old one is forgotten.
#[derive(Default)]
pub(super) struct Memory(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashMap<Fingerprint, Verified>,
    old: HashMap<Fingerprint, Verified>,
}

impl Memory {
    pub(super) fn recall(&self, token: Fingerprint, generation: u64, second: i64) -> Option<Arc<Evidence>> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is still used moves on with the young ones.
        if let Some(verified) = halves.old.remove(&token) {
            halves.put(token, verified);
        }
        let verified = halves.young.get(&token)?;
        let holds = verified.generation == generation && second < verified.ends;
        holds.then(|| Arc::clone(&verified.evidence))
    }

    pub(super) fn keep(&self, token: Fingerprint, verified: Verified) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(token, verified);
    }
}

impl Halves {
    fn put(&mut self, token: Fingerprint, verified: Verified) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn verified(ends: i64, generation: u64) -> Verified {
        let evidence = Evidence {
            tenant: Uuid::nil(),
            object: Uuid::nil(),
            client: None,
            scope: None,
            kind: None,
            roles: vec![],
        };
        Verified { evidence: Arc::new(evidence), ends, generation }
    }

    #[test]
    fn a_token_is_known_until_its_end_and_under_the_keys_that_proved_it() {
        let (memory, token) = (Memory::default(), Fingerprint::of("a.b.c"));
        memory.keep(token, verified(100, 7));
        assert!(memory.recall(token, 7, 99).is_some());
        assert!(memory.recall(token, 7, 100).is_none());
        assert!(memory.recall(token, 8, 99).is_none());
        assert!(memory.recall(Fingerprint::of("a.b.d"), 7, 99).is_none());
    }

    #[test]
    fn made_up_tokens_do_not_fill_the_memory_and_one_in_use_stays() {
        let (memory, used) = (Memory::default(), Fingerprint::of("used"));
        memory.keep(used, verified(100, 0));
        for number in 0..10 * HALF {
            memory.keep(Fingerprint::of(&number.to_string()), verified(100, 0));
            if number % 1000 == 0 {
                assert!(memory.recall(used, 0, 0).is_some(), "{number}");
            }
        }
        let halves = memory.0.lock().unwrap();
        assert!(halves.young.len() <= HALF && halves.old.len() <= HALF);
    }
}

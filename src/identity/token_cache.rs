//! Tokens that were verified before, by their hash: a second verification would find the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::verified_claims::VerifiedClaims;
use crate::limits::LIMITS;

/// Tokens in each of the two segments.
const SEGMENT_CAPACITY: usize = LIMITS.memory.max_cached_tokens / 2;

/// A token's SHA-256: a reader of the memory cannot use the token.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// The claims of a verified token, usable while its keys are in use and it has not expired.
#[derive(Clone)]
pub(super) struct CachedToken {
    pub(super) claims: Arc<VerifiedClaims>,
    /// From this second since 1970 on it is refused.
    pub(super) expires_at: i64,
    /// The key set that proved it.
    pub(super) generation: u64,
}

/// Two segments of bounded size. A full recent segment becomes the previous one, whose tokens are forgotten.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<Segments>);

#[derive(Default)]
struct Segments {
    recent: HashMap<TokenHash, CachedToken>,
    previous: HashMap<TokenHash, CachedToken>,
}

impl TokenCache {
    pub(super) fn get(&self, token: TokenHash, generation: u64, second: i64) -> Option<Arc<VerifiedClaims>> {
        let mut segments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A token that is still used moves into the recent segment.
        if let Some(verified) = segments.previous.remove(&token) {
            segments.insert(token, verified);
        }
        let verified = segments.recent.get(&token)?;
        let holds = verified.generation == generation && second < verified.expires_at;
        holds.then(|| Arc::clone(&verified.claims))
    }

    pub(super) fn insert(&self, token: TokenHash, verified: CachedToken) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, verified);
    }
}

impl Segments {
    fn insert(&mut self, token: TokenHash, verified: CachedToken) {
        if self.recent.len() >= SEGMENT_CAPACITY {
            self.previous = std::mem::take(&mut self.recent);
        }
        self.recent.insert(token, verified);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn verified(expires_at: i64, generation: u64) -> CachedToken {
        let claims = VerifiedClaims {
            tenant: Uuid::nil(),
            object: Uuid::nil(),
            client: None,
            scope: None,
            kind: None,
            roles: vec![],
        };
        CachedToken { claims: Arc::new(claims), expires_at, generation }
    }

    #[test]
    fn a_token_is_cached_until_it_expires_or_the_keys_change() {
        let (cache, token) = (TokenCache::default(), TokenHash::of("a.b.c"));
        cache.insert(token, verified(100, 7));
        assert!(cache.get(token, 7, 99).is_some());
        assert!(cache.get(token, 7, 100).is_none());
        assert!(cache.get(token, 8, 99).is_none());
        assert!(cache.get(TokenHash::of("a.b.d"), 7, 99).is_none());
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_a_token_in_use() {
        let (cache, used) = (TokenCache::default(), TokenHash::of("used"));
        cache.insert(used, verified(100, 0));
        for number in 0..10 * SEGMENT_CAPACITY {
            cache.insert(TokenHash::of(&number.to_string()), verified(100, 0));
            if number % 1000 == 0 {
                assert!(cache.get(used, 0, 0).is_some(), "{number}");
            }
        }
        let segments = cache.0.lock().unwrap();
        assert!(segments.recent.len() <= SEGMENT_CAPACITY && segments.previous.len() <= SEGMENT_CAPACITY);
    }
}

//! Tokens that were verified before, by their hash: a second verification would find the same.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::verified_claims::VerifiedClaims;
use crate::limits::LIMITS;

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

/// A bounded number of tokens. Those in use stay longest.
pub(super) struct TokenCache(Cache<TokenHash, CachedToken>);

impl Default for TokenCache {
    fn default() -> Self {
        Self(Cache::new(LIMITS.memory.max_cached_tokens))
    }
}

impl TokenCache {
    pub(super) fn get(&self, token: TokenHash, generation: u64, second: i64) -> Option<Arc<VerifiedClaims>> {
        let verified = self.0.get(&token)?;
        let holds = verified.generation == generation && second < verified.expires_at;
        holds.then_some(verified.claims)
    }

    pub(super) fn insert(&self, token: TokenHash, verified: CachedToken) {
        self.0.insert(token, verified);
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
        for number in 0..10 * LIMITS.memory.max_cached_tokens {
            cache.insert(TokenHash::of(&number.to_string()), verified(100, 0));
            if number % 1000 == 0 {
                assert!(cache.get(used, 0, 0).is_some(), "{number}");
            }
        }
        assert!(cache.0.len() <= LIMITS.memory.max_cached_tokens);
    }
}

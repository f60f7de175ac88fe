//! Principal headers that were read before, by their bytes: a second reading would find the same.
//!
//! The bytes themselves are compared, so no other header can be taken for one that is known.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use super::{authentication_error::Reason, verified_claims::VerifiedClaims};
use crate::limits::LIMITS;

/// What a header with its principal usually takes.
const USUAL_BYTES: usize = 1024;

/// A bounded number of bytes of headers. Those in use stay longest.
pub(super) struct PrincipalCache(Cache<Box<[u8]>, Arc<VerifiedClaims>, HeaderBytes>);

#[derive(Clone)]
struct HeaderBytes;

impl Weighter<Box<[u8]>, Arc<VerifiedClaims>> for HeaderBytes {
    fn weight(&self, header: &Box<[u8]>, _: &Arc<VerifiedClaims>) -> u64 {
        header.len() as u64
    }
}

impl Default for PrincipalCache {
    fn default() -> Self {
        let bytes = LIMITS.memory.max_cached_principal_bytes;
        Self(Cache::with_weighter(bytes / USUAL_BYTES, bytes as u64, HeaderBytes))
    }
}

impl PrincipalCache {
    /// What a header says, read only when it is not known. What cannot be accepted is not remembered.
    pub(super) fn get_or_read(
        &self,
        header: &[u8],
        read: impl FnOnce() -> Result<VerifiedClaims, Reason>,
    ) -> Result<Arc<VerifiedClaims>, Reason> {
        if let Some(known) = self.0.get(header) {
            return Ok(known);
        }
        let claims = Arc::new(read()?);
        self.0.insert(header.into(), Arc::clone(&claims));
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it stands in for a reading that can fail")]
    fn claims() -> Result<VerifiedClaims, Reason> {
        let (tenant, object) = (Uuid::nil(), Uuid::nil());
        Ok(VerifiedClaims { tenant, object, client: None, scope: None, kind: None, roles: vec![] })
    }

    #[test]
    fn an_accepted_header_is_read_once_and_a_rejected_one_each_time() {
        let cache = PrincipalCache::default();
        assert!(cache.get_or_read(b"one", claims).is_ok());
        assert!(cache.get_or_read(b"one", || Err(Reason::PrincipalForm)).is_ok());
        assert!(cache.get_or_read(b"onE", || Err(Reason::PrincipalForm)).is_err());
        assert!(cache.get_or_read(b"onE", claims).is_ok());
    }

    #[test]
    fn the_cache_is_bounded_in_bytes_and_keeps_a_principal_in_use() {
        let cache = PrincipalCache::default();
        let header = |number: usize| format!("{number:0>16384}").into_bytes();
        assert!(cache.get_or_read(b"used", claims).is_ok());
        for number in 0..10 * LIMITS.memory.max_cached_principal_bytes / 16384 {
            assert!(cache.get_or_read(&header(number), claims).is_ok());
            assert!(cache.get_or_read(b"used", || Err(Reason::PrincipalForm)).is_ok(), "{number}");
        }
        let bytes: usize = cache.0.iter().map(|(header, _)| header.len()).sum();
        let most = LIMITS.memory.max_cached_principal_bytes;
        assert!(bytes <= most && bytes > most / 2, "{bytes}");
    }
}

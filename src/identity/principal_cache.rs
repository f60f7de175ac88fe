//! Principal headers that were read before, by their bytes: a second reading would find the same.
//!
//! The bytes themselves are compared, so no other header can be taken for one that is known.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{authentication_error::Reason, verified_claims::VerifiedClaims};
use crate::limits::LIMITS;

/// Bytes of headers in each of the two segments.
const SEGMENT_BYTES: usize = LIMITS.memory.max_cached_principal_bytes / 2;

/// Two segments of bounded size. A full recent segment becomes the previous one, whose principals are forgotten.
#[derive(Default)]
pub(super) struct PrincipalCache(Mutex<Segments>);

#[derive(Default)]
struct Segments {
    recent: Segment,
    previous: Segment,
}

#[derive(Default)]
struct Segment {
    principals: HashMap<Box<[u8]>, Arc<VerifiedClaims>>,
    bytes: usize,
}

impl PrincipalCache {
    /// What a header says, read only when it is not known. What cannot be accepted is not remembered.
    pub(super) fn get_or_read(
        &self,
        header: &[u8],
        read: impl FnOnce() -> Result<VerifiedClaims, Reason>,
    ) -> Result<Arc<VerifiedClaims>, Reason> {
        if let Some(known) = self.segments().get(header) {
            return Ok(known);
        }
        let claims = Arc::new(read()?);
        self.segments().insert(header.into(), Arc::clone(&claims));
        Ok(claims)
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segments {
    fn get(&mut self, header: &[u8]) -> Option<Arc<VerifiedClaims>> {
        if let Some(claims) = self.recent.principals.get(header) {
            return Some(Arc::clone(claims));
        }
        // A principal that is still used moves into the recent segment.
        let (header, claims) = self.previous.principals.remove_entry(header)?;
        self.previous.bytes -= header.len();
        self.insert(header, Arc::clone(&claims));
        Some(claims)
    }

    fn insert(&mut self, header: Box<[u8]>, claims: Arc<VerifiedClaims>) {
        if self.recent.bytes + header.len() > SEGMENT_BYTES {
            self.previous = mem::take(&mut self.recent);
        }
        let bytes = header.len();
        if self.recent.principals.insert(header, claims).is_none() {
            self.recent.bytes += bytes;
        }
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
    fn a_segment_is_filled_to_its_last_byte() {
        let cache = PrincipalCache::default();
        let full = vec![b'a'; SEGMENT_BYTES - 1];
        for header in [&full[..], b"b", b"b"] {
            assert!(cache.get_or_read(header, claims).is_ok());
        }
        assert_eq!(cache.segments().recent.bytes, SEGMENT_BYTES);
        assert!(cache.get_or_read(b"c", claims).is_ok());
        let segments = cache.segments();
        assert_eq!((segments.recent.bytes, segments.previous.bytes), (1, SEGMENT_BYTES));
    }

    #[test]
    fn the_cache_is_bounded_in_bytes_and_keeps_a_principal_in_use() {
        let cache = PrincipalCache::default();
        let header = |number: usize| format!("{number:0>16384}").into_bytes();
        assert!(cache.get_or_read(b"used", claims).is_ok());
        for number in 0..10 * SEGMENT_BYTES / 16384 {
            assert!(cache.get_or_read(&header(number), claims).is_ok());
            assert!(cache.get_or_read(b"used", || Err(Reason::PrincipalForm)).is_ok(), "{number}");
        }
        let segments = cache.segments();
        for segment in [&segments.recent, &segments.previous] {
            assert!(segment.bytes <= SEGMENT_BYTES);
            assert_eq!(segment.bytes, segment.principals.keys().map(|header| header.len()).sum::<usize>());
        }
    }
}

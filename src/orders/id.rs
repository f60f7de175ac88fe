//! UUIDs: created from a time, and parsed from one form.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// A new version 7 UUID for something made at `at`. The twelve bits below the millisecond hold its fraction
/// ([RFC 9562 §6.2](https://www.rfc-editor.org/rfc/rfc9562#section-6.2), method 3), so that ids of one process
/// sort by the microsecond.
pub(super) fn new_uuid(at: DateTime<Utc>) -> Uuid {
    let micros = u64::try_from(at.timestamp_micros()).unwrap_or(0);
    let seconds = Timestamp::from_unix(NoContext, micros / 1_000_000, at.timestamp_subsec_nanos());
    let mut bytes = Uuid::new_v7(seconds).into_bytes();
    let [.., high, low] = (micros % 1000 * 4096 / 1000).to_be_bytes();
    bytes[6] = 0x70 | high;
    bytes[7] = low;
    Uuid::from_bytes(bytes)
}

/// Parses the hyphenated form of a UUID, the only one that we accept.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// As [`parse_uuid`], for the id of a principal or tenant, which is never all zeros.
pub(crate) fn parse_non_nil_uuid(text: &str) -> Option<Uuid> {
    parse_uuid(text).filter(|id| !id.is_nil())
}

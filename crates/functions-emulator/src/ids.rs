//! Random ids and ports, in one place.

use std::ops::Range;

use uuid::Uuid;

/// A new random id.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that draws random ids")]
pub(crate) fn random() -> Uuid {
    Uuid::new_v4()
}

/// A random port of a range, its start where the range is empty.
pub(crate) fn random_port(ports: Range<u16>) -> u16 {
    let [.., high, low] = random().into_bytes();
    let count = ports.end.saturating_sub(ports.start).max(1);
    ports.start + u16::from_be_bytes([high, low]) % count
}

//! The bytes of a body as they arrive: a short one on the heap, a long one in memory pages of its own. The heap seldom
//! gives back what many long bodies took from it; pages go back to the system with the body.

use bytes::{Bytes, BytesMut};
use memmap2::MmapMut;

/// A longer body has pages of its own.
const LONGEST_ON_HEAP: usize = 16 << 10;

/// A body that grows up to a limit.
pub(super) struct Buffer {
    limit: usize,
    bytes: Storage,
}

enum Storage {
    Heap(BytesMut),
    Pages(Pages),
}

/// As many pages as the limit needs; those that were never written to take no memory.
struct Pages {
    pages: MmapMut,
    length: usize,
}

impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        &self.pages[..self.length]
    }
}

/// The body would pass its limit.
pub(super) struct Full;

impl Buffer {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: Storage::Heap(BytesMut::new()) }
    }

    pub(super) fn push(&mut self, part: &[u8]) -> Result<(), Full> {
        let before = match &self.bytes {
            Storage::Heap(bytes) => bytes.len(),
            Storage::Pages(pages) => pages.length,
        };
        let after = before + part.len();
        if after > self.limit {
            return Err(Full);
        }
        if let Storage::Heap(bytes) = &self.bytes
            && after > LONGEST_ON_HEAP
            // Where the system gives no pages, the heap may still have room.
            && let Ok(mut pages) = MmapMut::map_anon(self.limit)
        {
            pages[..before].copy_from_slice(bytes);
            self.bytes = Storage::Pages(Pages { pages, length: before });
        }
        match &mut self.bytes {
            Storage::Heap(bytes) => bytes.extend_from_slice(part),
            Storage::Pages(Pages { pages, length }) => {
                pages[before..after].copy_from_slice(part);
                *length = after;
            }
        }
        Ok(())
    }

    pub(super) fn into_bytes(self) -> Bytes {
        match self.bytes {
            Storage::Heap(bytes) => bytes.freeze(),
            Storage::Pages(pages) => Bytes::from_owner(pages),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_is_what_arrived_wherever_it_is_kept(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12_000), 0..8),
            limit in 0_usize..80_000,
        ) {
            let mut buffer = Buffer::new(limit);
            let mut wanted = Vec::new();
            for part in &parts {
                let fits = wanted.len() + part.len() <= limit;
                prop_assert_eq!(buffer.push(part).is_ok(), fits);
                if fits {
                    wanted.extend(part);
                }
            }
            prop_assert_eq!(buffer.into_bytes(), wanted);
        }
    }
}

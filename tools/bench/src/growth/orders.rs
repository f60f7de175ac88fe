//! The stored orders, each known by its number: its id, when it was placed, and whose it is. The statements of
//! [`fill`](super::fill) say the same.

use crate::requests::READER;

/// Milliseconds since 1970 at which the first order was placed.
pub(super) const FIRST: u64 = 1_685_577_600_000;
/// Milliseconds from the first order to the last.
pub(super) const SPAN: u64 = 730 * 24 * 3600 * 1000;
/// No stored order has an id from here on; every order that a run adds has.
pub(super) const FIRST_ADDED: &str = "01979000-0000-7000-8000-000000000000";

/// One order in ten is this buyer's, so that lists of every length are read.
const OF_READER: u32 = 10;
/// One order in twenty is of a tenant that this deployment does not serve.
pub(super) const OTHER_TENANTS: [&str; 5] = [
    "7b1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01",
    "7b1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a02",
    "7b1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a03",
    "7b1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a04",
    "7b1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a05",
];

/// Some number of stored orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) count: u32,
}

impl Stored {
    /// Buyers besides the reader; each has about a hundred orders, whatever the scale. The number has no divisor in
    /// common with those that choose the reader's and the other tenants' orders.
    pub(super) fn owners(self) -> u32 {
        self.count / 100 + 1
    }

    /// Milliseconds from one order to the next.
    pub(super) fn step(self) -> u64 {
        SPAN / u64::from(self.count)
    }

    /// The id of the order of a number: a UUID of version 7 with the time at which it was placed.
    pub(super) fn id(self, number: u32) -> String {
        let placed = format!("{:012x}", FIRST + u64::from(number) * self.step());
        format!("{}-{}-7000-8000-{number:012x}", &placed[..8], &placed[8..])
    }

    /// The object id of its buyer.
    pub(super) fn owner(self, number: u32) -> String {
        if number.is_multiple_of(OF_READER) {
            return READER.to_owned();
        }
        format!("22222222-0000-4000-8000-{:012x}", number % self.owners())
    }

    /// Whether it is of the tenant that is served.
    pub(super) fn is_served(number: u32) -> bool {
        number % 20 != 7
    }

    /// The `turn`th of a sequence that jumps through all orders of the tenant that is served.
    pub(super) fn scattered(self, turn: u32) -> u32 {
        // SplitMix64: neighbouring turns lie anywhere.
        let mixed = u64::from(turn).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let far = (mixed ^ (mixed >> 31)) % u64::from(self.count);
        let number = u32::try_from(far).unwrap_or_default();
        if Self::is_served(number) { number } else { number - 1 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const STORED: Stored = Stored { count: 1000 };

    #[test]
    fn ids_rise_with_time_and_lie_before_every_added_order() {
        let ids: Vec<String> = (0..STORED.count).map(|number| STORED.id(number)).collect();
        assert!(ids.is_sorted() && ids.iter().collect::<HashSet<_>>().len() == 1000);
        assert!(ids.iter().all(|id| id.as_str() < FIRST_ADDED && id.len() == 36 && &id[14..15] == "7"));
    }

    #[test]
    fn buyers_differ_and_the_sequence_jumps() {
        let owners: HashSet<String> = (0..STORED.count).map(|number| STORED.owner(number)).collect();
        assert_eq!(owners.len(), 12, "eleven buyers and the reader");
        let read: HashSet<u32> = (0..500).map(|turn| STORED.scattered(turn)).collect();
        assert!(read.len() > 300 && read.iter().all(|&number| Stored::is_served(number)));
    }
}

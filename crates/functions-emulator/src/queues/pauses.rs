//! How long to wait between two looks at an empty queue.

// The host: docs/reference/host-protocol.md#queue-options.

use std::time::Duration;

/// What the platform allows at least for `maxPollingInterval`.
const SHORTEST: Duration = Duration::from_millis(100);

/// Pauses that double, give or take a fifth, from [`SHORTEST`] to the longest allowed.
#[derive(Debug)]
pub(crate) struct Pauses {
    longest: Duration,
    /// Looks in vain so far.
    vain: u32,
}

impl Pauses {
    /// Pauses up to `longest`, which is `maxPollingInterval`.
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { longest: longest.max(SHORTEST), vain: 0 }
    }

    /// The longest pause.
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }

    /// Something was found, so the next look follows at once.
    pub(crate) fn reset(&mut self) {
        self.vain = 0;
    }

    /// Nothing was found.
    pub(crate) fn lengthen(&mut self) {
        self.vain = self.vain.saturating_add(1);
    }

    /// The pause before the next look.
    pub(crate) fn next(&self) -> Duration {
        let Some(doublings) = self.vain.checked_sub(1) else { return Duration::ZERO };
        let grown = 2_u32.checked_pow(doublings).and_then(|factor| SHORTEST.checked_mul(factor));
        match grown {
            Some(grown) if grown < self.longest => grown.mul_f64(0.8 + 0.4 * chance()).min(self.longest),
            _ => self.longest,
        }
    }
}

/// From 0 to 1. Listeners that started together shall not stay in step.
fn chance() -> f64 {
    let [a, b, c, d, ..] = *crate::ids::random().as_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_over_after_a_find() {
        let mut pauses = Pauses::up_to(Duration::from_secs(2));
        assert_eq!(pauses.next(), Duration::ZERO);
        for expected in [100, 200, 400, 800, 1600] {
            pauses.lengthen();
            let (low, high) = (expected * 4 / 5 - 1, expected * 6 / 5 + 1);
            assert!((low..=high).contains(&pauses.next().as_millis()), "{:?}", pauses.next());
        }
        for _ in 0..100 {
            pauses.lengthen();
        }
        assert_eq!(pauses.next(), Duration::from_secs(2));
        pauses.reset();
        assert_eq!(pauses.next(), Duration::ZERO);
    }

    #[test]
    fn no_pause_is_shorter_than_the_platform_allows() {
        assert_eq!(Pauses::up_to(Duration::ZERO).longest(), SHORTEST);
    }
}

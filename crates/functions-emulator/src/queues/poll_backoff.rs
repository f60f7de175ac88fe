//! How long to wait between two polls of an empty queue.

// The host: docs/reference/host-protocol.md#queue-options.

use std::time::Duration;

/// What the platform allows at least for `maxPollingInterval`.
const MIN_DELAY: Duration = Duration::from_millis(100);

/// Delays that double, give or take a fifth, from [`MIN_DELAY`] to the longest allowed.
#[derive(Debug)]
pub(crate) struct PollBackoff {
    max_delay: Duration,
    /// Polls without a message so far.
    empty_polls: u32,
}

impl PollBackoff {
    /// Delays up to `max_delay`, which is `maxPollingInterval`.
    pub(crate) fn with_max(max_delay: Duration) -> Self {
        Self { max_delay: max_delay.max(MIN_DELAY), empty_polls: 0 }
    }

    /// The longest delay.
    pub(crate) fn max_delay(&self) -> Duration {
        self.max_delay
    }

    /// Something was found, so the next poll follows at once.
    pub(crate) fn reset(&mut self) {
        self.empty_polls = 0;
    }

    /// Nothing was found.
    pub(crate) fn record_empty_poll(&mut self) {
        self.empty_polls = self.empty_polls.saturating_add(1);
    }

    /// The delay before the next poll.
    pub(crate) fn next_delay(&self) -> Duration {
        let Some(doublings) = self.empty_polls.checked_sub(1) else { return Duration::ZERO };
        let grown = 2_u32.checked_pow(doublings).and_then(|factor| MIN_DELAY.checked_mul(factor));
        match grown {
            Some(grown) if grown < self.max_delay => {
                grown.mul_f64(0.8 + 0.4 * random_fraction()).min(self.max_delay)
            }
            _ => self.max_delay,
        }
    }
}

/// From 0 to 1. Listeners that started together shall not stay in step.
fn random_fraction() -> f64 {
    let [a, b, c, d, ..] = *crate::ids::random().as_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_over_after_a_find() {
        let mut backoff = PollBackoff::with_max(Duration::from_secs(2));
        assert_eq!(backoff.next_delay(), Duration::ZERO);
        for expected in [100, 200, 400, 800, 1600] {
            backoff.record_empty_poll();
            let (low, high) = (expected * 4 / 5 - 1, expected * 6 / 5 + 1);
            assert!((low..=high).contains(&backoff.next_delay().as_millis()), "{:?}", backoff.next_delay());
        }
        for _ in 0..100 {
            backoff.record_empty_poll();
        }
        assert_eq!(backoff.next_delay(), Duration::from_secs(2));
        backoff.reset();
        assert_eq!(backoff.next_delay(), Duration::ZERO);
    }

    #[test]
    fn no_pause_is_shorter_than_the_platform_allows() {
        assert_eq!(PollBackoff::with_max(Duration::ZERO).max_delay(), MIN_DELAY);
    }
}

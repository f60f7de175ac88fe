//! How long the host needs to put each message of an output.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

/// A switch: it holds for every message that the host puts for a worker until it is turned again. A real queue takes
/// some milliseconds for each, and an answer with many messages can so outlast `functionTimeout`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum OutputDelay {
    /// Each message is put at once.
    #[default]
    None,
    /// Each message is put only after this time, one after another.
    Delayed {
        /// How late, in milliseconds; a fraction counts.
        #[serde(deserialize_with = "milliseconds")]
        milliseconds: f64,
    },
}

/// The longest delay of one message: no function may run for longer than this without a setting of its own.
const MAX_MILLISECONDS: f64 = 600_000.0;

fn milliseconds<'de, D: serde::Deserializer<'de>>(value: D) -> Result<f64, D::Error> {
    let milliseconds = f64::deserialize(value)?;
    if (0.0..=MAX_MILLISECONDS).contains(&milliseconds) {
        return Ok(milliseconds);
    }
    Err(serde::de::Error::custom("milliseconds must be between 0 and 600,000"))
}

impl OutputDelay {
    /// A delay of this length, the longest that can be set where it is longer.
    pub(crate) fn of(delay: Duration) -> Self {
        Self::Delayed { milliseconds: (delay.as_secs_f64() * 1000.0).min(MAX_MILLISECONDS) }
    }

    fn duration(self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Delayed { milliseconds } => Duration::from_secs_f64(milliseconds / 1000.0),
        }
    }
}

/// Keeps the delay between the messages of one answer. They are counted from the first one, so that delays below the
/// millisecond that a timer resolves add up.
#[derive(Debug)]
pub(crate) struct OutputPace {
    due: Instant,
    delay: Duration,
}

impl OutputPace {
    /// The pace of an answer whose first message is put from now on.
    pub(crate) fn new(delay: OutputDelay) -> Self {
        Self { due: Instant::now(), delay: delay.duration() }
    }

    /// Returns when the next message may be put.
    pub(crate) async fn next(&mut self) {
        if !self.delay.is_zero() {
            self.due += self.delay;
            sleep_until(self.due).await;
        }
    }
}

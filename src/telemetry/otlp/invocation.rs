//! An invocation under way, and the time that it takes.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::{clock::Clock, telemetry::fields::Fields};

/// An invocation under way.
pub(super) struct OngoingInvocation {
    at: DateTime<Utc>,
    moment: Instant,
    pub(super) fields: Fields,
}

/// A time that passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub(super) began: DateTime<Utc>,
    pub(super) ended: DateTime<Utc>,
}

impl OngoingInvocation {
    pub(super) fn new(fields: Fields, clock: Clock) -> Self {
        Self { at: clock.now(), moment: clock.instant(), fields }
    }

    /// From the beginning of the invocation until now. What time passed is not read from a clock that somebody may set
    /// meanwhile.
    pub(super) fn period(&self, clock: Clock) -> Period {
        let passed = clock.instant().saturating_duration_since(self.moment);
        Period { began: self.at, ended: self.at + passed }
    }

    /// The time that passed until now.
    pub(super) fn last(&self, passed: Duration, clock: Clock) -> Period {
        let ended = self.period(clock).ended;
        Period { began: ended - passed, ended }
    }
}

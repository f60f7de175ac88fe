//! The clocks that workers live by, each wrong by what stands in a file of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use functions_emulator::clock::Clock;

/// The furthest that a clock is off, in seconds: three days. Between the earliest and the latest time that a run knows lie
/// less than the seven days after which closed outbox rows are forgotten; the checker counts them.
pub(super) const MAX_SKEW: i64 = 3 * 24 * 3600;

/// The longest, in seconds, that a message waits for its next sending (`docs/reference/api.md#outbox`), and some more.
const LONGEST_WAIT: i64 = 3600 + 600;

/// One worker's clock.
#[derive(Debug)]
pub(super) struct SkewedClock {
    file: PathBuf,
    shift: Mutex<i64>,
}

impl SkewedClock {
    /// A clock that is right.
    pub(super) fn new(file: PathBuf) -> io::Result<Self> {
        let clock = Self { file, shift: Mutex::default() };
        clock.jump(0)?;
        Ok(clock)
    }

    /// Where the worker reads how far its clock is off.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Sets the clock off by this many seconds from now on.
    pub(super) fn jump(&self, seconds: i64) -> io::Result<()> {
        let mut shift = self.shift();
        // A concurrent reader finds the old number or the new one, never half of it.
        let new = self.file.with_extension("new");
        fs::write(&new, seconds.to_string())?;
        fs::rename(&new, &self.file)?;
        *shift = seconds;
        Ok(())
    }

    /// The time that the worker believes in, in microseconds since 1970.
    pub(super) fn micros(&self) -> i64 {
        Clock::system().now().timestamp_micros() + *self.shift() * 1_000_000
    }

    /// Moves the clock to where everything that was written under a right clock is due, and this many minutes further.
    pub(super) fn pass_waits(&self, minutes: i64) -> io::Result<()> {
        self.jump(LONGEST_WAIT + 60 * minutes)
    }

    fn shift(&self) -> MutexGuard<'_, i64> {
        self.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

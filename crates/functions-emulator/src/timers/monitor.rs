//! The host's record of a timer from one start to the next, so that it notices a run that it has missed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use functions_lint::schedule::Schedule;

use super::status::TimerStatus;

/// The file of one timer.
#[derive(Clone, Debug)]
pub(super) struct Monitor(PathBuf);

#[derive(Deserialize, Serialize)]
struct StoredStatus {
    last: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
    updated: DateTime<Utc>,
}

impl Monitor {
    /// The file of a function's timer in a folder that may not be there yet.
    pub(super) fn in_folder(folder: &Path, function: &str) -> Self {
        Self(folder.join("timers").join(format!("{function}.json")))
    }

    /// The status at a start, and whether a run was missed. The next run is counted from the last one by the current
    /// schedule, which may have changed since.
    pub(super) fn load(&self, schedule: &Schedule, now: DateTime<Utc>) -> (TimerStatus, bool) {
        let stored =
            fs::read(&self.0).ok().and_then(|text| serde_json::from_slice::<StoredStatus>(&text).ok());
        let Some(stored) = stored else {
            let status = TimerStatus { last: None, next: schedule.next_after(now) };
            self.save(status, now);
            return (status, false);
        };
        let next = schedule.next_after(stored.last.unwrap_or(stored.updated));
        (TimerStatus { last: stored.last, next }, next.is_some_and(|next| next < now))
    }

    /// Stores the status; if the folder cannot be written, this run is unaffected, but the next start does not know the
    /// status.
    pub(super) fn save(&self, status: TimerStatus, now: DateTime<Utc>) {
        let stored = StoredStatus { last: status.last, next: status.next, updated: now };
        let written = serde_json::to_vec(&stored).map_err(std::io::Error::other).and_then(|text| {
            self.0.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&self.0, text)
        });
        if let Err(error) = written {
            tracing::debug!(file = %self.0.display(), %error, "timer status not stored");
        }
    }
}

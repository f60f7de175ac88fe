//! The host's record of a timer from one start to the next, so that it notices a run that it has missed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use functions_lint::schedule::Schedule;

use super::status::Status;

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

    /// The status at a start, and whether a run was missed. A schedule that was changed since counts from the last
    /// run.
    pub(super) fn load(&self, schedule: &Schedule, now: DateTime<Utc>) -> (Status, bool) {
        let stored =
            fs::read(&self.0).ok().and_then(|text| serde_json::from_slice::<StoredStatus>(&text).ok());
        let Some(stored) = stored else {
            let status = Status { last: None, next: schedule.next_after(now) };
            self.save(status, now);
            return (status, false);
        };
        let next = schedule.next_after(stored.last.unwrap_or(stored.updated));
        (Status { last: stored.last, next }, next.is_some_and(|next| next < now))
    }

    /// Writes it down; a folder that cannot be written costs the memory of the next start, not this run.
    pub(super) fn save(&self, status: Status, now: DateTime<Utc>) {
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

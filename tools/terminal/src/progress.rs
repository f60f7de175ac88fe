//! The progress of work whose size is known.

use std::{
    cell::Cell,
    fmt::Write as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// The time between two lines where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// The bar, its counts and the time left.
const TEMPLATE: &str = "{elapsed:>4} [{bar:30}] {human_pos} of {human_len} {prefix}, {eta} left; {msg}";

/// A bar on a terminal; elsewhere a line every ten seconds.
///
/// The bar is on stderr, so a file or a pipe that takes stdout does not hold it. The progress disappears when the
/// value is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    unit: &'static str,
    total: Cell<u64>,
    start: Instant,
    printed: Cell<Instant>,
}

impl Progress {
    /// Starts at zero of `total`, counted in `unit`, such as `runs`.
    #[must_use]
    pub fn start(unit: &'static str, total: u64) -> Self {
        let bar = ProgressBar::new(total).with_prefix(unit);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        let now = Instant::now();
        Self { bar, unit, total: Cell::new(total), start: now, printed: Cell::new(now) }
    }

    /// Shows how much is done; `detail` says more.
    pub fn set(&self, done: u64, detail: &str) {
        self.bar.set_message(detail.to_owned());
        self.bar.set_position(done);
        if self.bar.is_hidden() && self.printed.get().elapsed() >= INTERVAL {
            self.printed.set(Instant::now());
            println!("{}", line(self.start.elapsed(), done, self.total.get(), self.unit, detail));
        }
    }

    /// Changes the total, if it becomes known only later.
    pub fn set_total(&self, total: u64) {
        self.bar.set_length(total);
        self.total.set(total);
    }

    /// Prints a line to stdout, above the bar.
    pub fn println(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn line(elapsed: Duration, done: u64, total: u64, unit: &str, detail: &str) -> String {
    let mut line = format!("  {}: {done} of {total} {unit}", format_duration(elapsed));
    if !detail.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(line, ", {detail}");
    }
    if let Some(left) = left(elapsed, done, total) {
        let _ = write!(line, "; about {} left", format_duration(left));
    }
    line
}

/// The time that the rest takes at the pace so far.
fn left(elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
    let rest = u32::try_from(total.checked_sub(done)?).ok()?;
    let done = u32::try_from(done).ok().filter(|done| *done > 0)?;
    Some(elapsed.checked_mul(rest)? / done)
}

/// A duration as people write it: `0.4 s`, `45 s`, `2 min 05 s`, `1 h 02 min`.
#[must_use]
pub fn format_duration(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    match time.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_count_detail_and_time_left() {
        let at = |seconds, done, detail| line(Duration::from_secs(seconds), done, 400, "runs", detail);
        assert_eq!(at(30, 100, "7 paths"), "  30 s: 100 of 400 runs, 7 paths; about 1 min 30 s left");
        assert_eq!(at(30, 0, ""), "  30 s: 0 of 400 runs", "nothing done says nothing of the rest");
        assert_eq!(at(30, 500, ""), "  30 s: 500 of 400 runs", "work may be more than was planned");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        let said =
            [400, 45_000, 125_000, 3_720_000].map(|millis| format_duration(Duration::from_millis(millis)));
        assert_eq!(said, ["0.4 s", "45 s", "2 min 05 s", "1 h 02 min"]);
    }
}

//! How long each step took, and the table of them.

use std::time::{Duration, Instant};

use terminal::format_duration;

/// One step.
#[derive(Clone)]
struct Step {
    name: &'static str,
    took: Duration,
    /// Whether it compiles, and so does not count.
    compiles: bool,
}

/// The steps of one language, as they were taken.
#[derive(Clone, Default)]
pub(super) struct Times(Vec<Step>);

impl Times {
    /// Takes a step, prints its time, and gives what it comes to.
    pub(super) fn step<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.take(name, false, take)
    }

    /// As [`Times::step`], for a step that compiles.
    pub(super) fn compile<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.take(name, true, take)
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        compiles: bool,
        take: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        let outcome = take()?;
        self.add(name, started.elapsed(), compiles);
        Ok(outcome)
    }

    /// Adds a step that was timed elsewhere.
    pub(super) fn add(&mut self, name: &'static str, took: Duration, compiles: bool) {
        println!("  {name:<22} {:>12}{}", format_duration(took), if compiles { ", not counted" } else { "" });
        self.0.push(Step { name, took, compiles });
    }

    /// The time of the steps that count.
    pub(super) fn counted(&self) -> Duration {
        self.0.iter().filter(|step| !step.compiles).map(|step| step.took).sum()
    }

    fn of(&self, name: &str) -> Option<Duration> {
        self.0.iter().find(|step| step.name == name).map(|step| step.took)
    }
}

/// Prints a column for each language.
pub(super) fn print_table(columns: &[(String, Times)]) {
    let mut names: Vec<(&str, bool)> = Vec::new();
    for step in columns.iter().flat_map(|(_, times)| &times.0) {
        if !names.contains(&(step.name, step.compiles)) {
            names.push((step.name, step.compiles));
        }
    }
    // What does not count stands below the sum.
    let (compiling, counting): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, compiles)| *compiles);
    let cell = |took: Option<Duration>| took.map_or_else(|| "–".to_owned(), format_duration);
    let row = |name: &str, cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>14}")).collect();
        println!("{name:<30}{}", cells.concat());
    };
    row("", columns.iter().map(|(language, _)| language.clone()).collect());
    for (name, _) in counting {
        row(name, columns.iter().map(|(_, times)| cell(times.of(name))).collect());
    }
    row("together", columns.iter().map(|(_, times)| cell(Some(times.counted()))).collect());
    for (name, _) in compiling {
        row(&format!("{name}, apart"), columns.iter().map(|(_, times)| cell(times.of(name))).collect());
    }
}

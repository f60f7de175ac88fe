//! `cargo xtask measure`: what the release binary weighs and how fast it is there, by itself and behind the local host.

mod host;
mod sample;

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, bail};

use self::sample::Running;
use crate::{project::Project, release::Release};

/// Starts that the median is taken of.
const SAMPLES: usize = 20;
/// Starts of the local host that the median is taken of.
const HOSTS: usize = 5;
/// How long the worker rests before its memory counts as idle.
const REST: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fail when a figure is twice its bar.
    #[arg(long)]
    check: bool,
}

/// One measured figure beside its bar, both in the unit.
struct Figure {
    name: &'static str,
    measured: Option<f64>,
    bar: f64,
    unit: &'static str,
}

/// Builds the release binary and measures it.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let figures = measure(project, &Release::that_runs_here(project)?.made(project)?).await?;
    for figure in &figures {
        println!("{}", figure.line());
    }
    let over: Vec<&str> = figures.iter().filter(|figure| figure.is_twice_its_bar()).map(|f| f.name).collect();
    if args.check && !over.is_empty() {
        bail!("twice the bar or more: {}; find out what made it grow", over.join(", "));
    }
    Ok(())
}

async fn measure(project: &Project, worker: &Path) -> anyhow::Result<[Figure; 4]> {
    let size = fs::metadata(worker).with_context(|| format!("cannot find {}", worker.display()))?.len();
    let mut starts = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let running = Running::start(worker)?;
        starts.push(running.worker.first_answer());
    }
    let resting = Running::start(worker)?;
    tokio::time::sleep(REST).await;
    let mut hosts = Vec::with_capacity(HOSTS);
    for _ in 0..HOSTS {
        hosts.push(host::start(project, worker).await?);
    }
    let size = u32::try_from(size).context("the binary is larger than 4 GiB")?;
    Ok([
        Figure { name: "binary", measured: Some(f64::from(size) / 1e6), bar: 10.0, unit: "MB" },
        Figure { name: "first answer", measured: median(starts), bar: 25.0, unit: "ms" },
        Figure { name: "idle memory", measured: resting.worker.memory(), bar: 15.0, unit: "MiB" },
        Figure { name: "local host", measured: median(hosts), bar: 1000.0, unit: "ms" },
    ])
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> Option<f64> {
    times.sort();
    times.get(times.len() / 2).map(|time| time.as_secs_f64() * 1000.0)
}

impl Figure {
    fn line(&self) -> String {
        let Self { name, measured, bar, unit } = self;
        let Some(measured) = measured else {
            return format!("{name:<14} not measured on this system (bar {bar} {unit})");
        };
        let verdict = if *measured <= *bar { "" } else { "  over the bar" };
        format!("{name:<14} {measured:>7.1} {unit:<3}  (bar {bar} {unit}){verdict}")
    }

    fn is_twice_its_bar(&self) -> bool {
        self.measured.is_some_and(|measured| measured >= 2.0 * self.bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(measured: Option<f64>) -> Figure {
        Figure { name: "binary", measured, bar: 10.0, unit: "MB" }
    }

    #[test]
    fn a_figure_stands_beside_its_bar() {
        assert_eq!(figure(Some(6.53)).line(), "binary             6.5 MB   (bar 10 MB)");
        assert_eq!(figure(Some(12.0)).line(), "binary            12.0 MB   (bar 10 MB)  over the bar");
        assert!(figure(None).line().contains("not measured"));
    }

    #[test]
    fn only_twice_the_bar_is_a_failure() {
        assert!(!figure(Some(19.9)).is_twice_its_bar());
        assert!(figure(Some(20.0)).is_twice_its_bar());
        assert!(!figure(None).is_twice_its_bar());
    }
}

//! `cargo xtask measure`: what the release binary weighs, how fast it is there, by itself and behind the emulator, and how
//! many instructions a request takes.

mod host;
mod instructions;
mod sample;

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use project::Project;
use reqwest::{Client, redirect::Policy};
use test_servers::{Backend, BackendResponse};

use self::sample::Running;
use crate::release::Release;

/// Starts that the median is taken of.
const SAMPLES: usize = 20;
/// Starts of the emulator that the median is taken of.
const HOSTS: usize = 5;
/// What a figure may be of its bar where the machine and its other work have a part in it.
const SLACK: f64 = 2.0;
/// The factor for a figure that is the same in every run.
const NONE: f64 = 1.0;
/// How long the worker rests before its memory counts as idle.
const REST: Duration = Duration::from_secs(1);

/// How long the worker may take until it has sent its first spans and metrics.
const FIRST_EXPORT: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fail when the binary is over its bar, or another figure over twice its own.
    #[arg(long)]
    check: bool,
    /// Keep the instructions of a request on this machine as those that later ones are compared with, and measure nothing
    /// else.
    #[arg(long, conflicts_with = "check")]
    accept: bool,
}

/// One measured figure beside its bar, both in the unit.
struct Measurement {
    name: &'static str,
    measured: Option<f64>,
    bar: f64,
    unit: &'static str,
    slack: f64,
}

/// Builds the release binary and measures it.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let worker = Release::for_this_machine(project)?.made(project)?;
    if args.accept {
        return instructions::accept(project, &worker).await;
    }
    let figures = measure(project, &worker).await?;
    for figure in &figures {
        println!("{}", figure.line());
    }
    instructions::compare(project, &worker, args.check).await?;
    let over: Vec<&str> = figures.iter().filter(|figure| figure.is_refused()).map(|f| f.name).collect();
    if args.check && !over.is_empty() {
        bail!("too much over the bar: {}; find out what made it grow", over.join(", "));
    }
    Ok(())
}

async fn measure(project: &Project, worker: &Path) -> anyhow::Result<[Measurement; 5]> {
    let size = size(worker)?;
    let mut starts = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let running = Running::start(worker)?;
        starts.push(running.worker.first_answer());
    }
    let resting = Running::start(worker)?;
    tokio::time::sleep(REST).await;
    let resting = resting.worker.memory();
    let exporting = idle_memory_while_exporting(worker).await?;
    let mut hosts = Vec::with_capacity(HOSTS);
    for _ in 0..HOSTS {
        hosts.push(host::start(project, worker).await?);
    }
    Ok([
        size,
        Measurement { name: "first answer", measured: median(starts), bar: 25.0, unit: "ms", slack: SLACK },
        Measurement { name: "idle memory", measured: resting, bar: 15.0, unit: "MiB", slack: SLACK },
        Measurement { name: "with exporting", measured: exporting, bar: 20.0, unit: "MiB", slack: SLACK },
        Measurement { name: "emulator", measured: median(hosts), bar: 1000.0, unit: "ms", slack: SLACK },
    ])
}

/// The memory of a worker at rest that has sent spans and metrics, and keeps sending metrics.
async fn idle_memory_while_exporting(worker: &Path) -> anyhow::Result<Option<f64>> {
    let collector = Backend::plain().await.context("cannot start a collector")?;
    collector.respond_with(BackendResponse::Status(200));
    let resting = Running::start_exporting(worker, collector.port())?;
    let health = format!("http://{}/api/health", resting.worker.address());
    let client = Client::builder().timeout(FIRST_EXPORT).redirect(Policy::none()).no_proxy().build()?;
    client.get(health).send().await.context("the worker does not answer")?;
    let has_sent = |path: &str| collector.requests().iter().any(|asked| asked.line.ends_with(path));
    let sent = async {
        while !(has_sent("/v1/traces") && has_sent("/v1/metrics")) {
            collector.wait_for_request().await;
        }
    };
    tokio::time::timeout(FIRST_EXPORT, sent).await.context("the worker exports nothing")?;
    tokio::time::sleep(REST).await;
    Ok(resting.worker.memory())
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> Option<f64> {
    times.sort();
    times.get(times.len() / 2).map(|time| time.as_secs_f64() * 1000.0)
}

fn size(worker: &Path) -> anyhow::Result<Measurement> {
    let bytes = fs::metadata(worker).with_context(|| format!("cannot find {}", worker.display()))?.len();
    let bytes = u32::try_from(bytes).context("the binary is larger than 4 GiB")?;
    Ok(Measurement {
        name: "binary",
        measured: Some(f64::from(bytes) / 1e6),
        bar: 16.0,
        unit: "MB",
        slack: NONE,
    })
}

impl Measurement {
    fn line(&self) -> String {
        let Self { name, measured, bar, unit, .. } = self;
        let Some(measured) = measured else {
            return format!("{name:<14} not measured on this system (bar {bar} {unit})");
        };
        let verdict = if *measured <= *bar { "" } else { "  over the bar" };
        format!("{name:<14} {measured:>7.1} {unit:<3}  (bar {bar} {unit}){verdict}")
    }

    fn is_refused(&self) -> bool {
        self.measured.is_some_and(|measured| measured > self.slack * self.bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(measured: Option<f64>, slack: f64) -> Measurement {
        Measurement { name: "binary", measured, bar: 10.0, unit: "MB", slack }
    }

    #[test]
    fn a_measurement_is_shown_with_its_limit() {
        assert_eq!(measurement(Some(6.53), NONE).line(), "binary             6.5 MB   (bar 10 MB)");
        assert_eq!(
            measurement(Some(12.0), NONE).line(),
            "binary            12.0 MB   (bar 10 MB)  over the bar"
        );
        assert!(measurement(None, NONE).line().contains("not measured"));
    }

    #[test]
    fn only_noisy_measurements_may_exceed_their_limit() {
        for (measured, slack, refused) in [
            (Some(10.0), NONE, false),
            (Some(10.1), NONE, true),
            (Some(19.9), SLACK, false),
            (Some(20.1), SLACK, true),
            (None, NONE, false),
        ] {
            assert_eq!(measurement(measured, slack).is_refused(), refused, "{measured:?} {slack}");
        }
    }

    #[test]
    fn a_binary_over_16_mb_is_rejected() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (bytes, refused) in [(16_000_000, false), (16_100_000, true)] {
            file.as_file().set_len(bytes).unwrap();
            assert_eq!(size(file.path()).unwrap().is_refused(), refused, "{bytes}");
        }
    }
}

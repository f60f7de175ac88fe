//! `cargo xtask test`: everything that CI runs, in sequence, up to the first failure.

mod evidence;
mod kept_log;
mod quick;
mod selection;
mod stages;
mod times;

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use project::Project;
use terminal::format_duration;

use self::{
    stages::{STAGES, Stage, TESTS},
    times::Times,
};

#[derive(clap::Args)]
#[command(after_help = stages_help())]
pub(crate) struct Args {
    /// Only the stages of these names; what they build on has to be there from an earlier run.
    #[arg(long = "stage", value_name = "NAME", value_parser = names(), num_args = 1.., conflicts_with = "quick")]
    stages: Vec<String>,
    /// What finds most mistakes within three minutes: no release build, no second database, no browser.
    #[arg(long)]
    quick: bool,
    /// List the stages, and run none.
    #[arg(long)]
    list: bool,
}

fn stages_help() -> String {
    format!(
        "Stages: {}.\n`--list` says what each does. The first run takes many minutes, most of them for the release build.",
        names().join(", ")
    )
}

fn names() -> [&'static str; STAGES.len()] {
    STAGES.map(|stage| stage.name)
}

/// Lists the stages, or runs those that were asked for.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut times = Times::of(project);
    if args.list {
        println!("{}", list(&times));
        return Ok(());
    }
    if args.quick {
        run_all(project, &quick::stages(), &mut times)?;
        println!("{}", quick::left_out());
        return Ok(());
    }
    let is_wanted =
        |stage: &Stage| args.stages.is_empty() || args.stages.iter().any(|name| name == stage.name);
    let stages: Vec<_> = STAGES.into_iter().filter(is_wanted).collect();
    if stages.iter().any(|stage| stage.name == TESTS) {
        for file in [evidence::file(project), kept_log::file(project)] {
            // What an earlier run kept shows nothing of this one.
            File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    run_all(project, &stages, &mut times)?;
    if args.stages.is_empty() {
        println!("everything holds; see it live with `cargo xtask dev`");
    }
    Ok(())
}

/// Runs these stages up to the first failure, and prints how long each took.
fn run_all(project: &Project, stages: &[Stage], times: &mut Times) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut taken = Vec::new();
    let outcome = stages.iter().enumerate().try_for_each(|(index, stage)| {
        let left: Duration = stages[index..].iter().map(|stage| times.expected(stage)).sum();
        println!("\n{}", heading(stages, index, times.expected(stage), start.elapsed(), left));
        let begin = Instant::now();
        let outcome = stage.run(project);
        let time = begin.elapsed();
        taken.push((stage.name, time, outcome.is_ok()));
        outcome?;
        println!("{}: ok in {}", stage.name, format_duration(time));
        times.record(stage, time)
    });
    println!("\n{}{}", summary(&taken), evidence::flaky(project));
    outcome
}

/// What stands above a stage: its number and name, how long it takes, and how far the run is.
fn heading(stages: &[Stage], index: usize, expected: Duration, elapsed: Duration, left: Duration) -> String {
    format!(
        "== {} of {}: {} (takes about {}; {} of about {} so far)",
        index + 1,
        stages.len(),
        stages[index].name,
        format_duration(expected),
        format_duration(elapsed),
        format_duration(elapsed + left)
    )
}

impl Stage {
    fn run(&self, project: &Project) -> anyhow::Result<()> {
        let commands = (self.commands)(project)?;
        if self.at_once {
            let start = |mut command: Command| {
                let child = command.spawn();
                named(&command, child)
            };
            let started: Vec<_> = commands.into_iter().map(start).collect();
            // Each is waited for, so that none outlives the run.
            let ended: Vec<anyhow::Result<_>> = started.into_iter().map(|child| Ok(child?.wait()?)).collect();
            return ended.into_iter().try_for_each(|status| self.check(status?));
        }
        for mut command in commands {
            let status = self.status(project, &mut command);
            self.check(named(&command, status)?)?;
        }
        Ok(())
    }

    fn check(&self, status: ExitStatus) -> anyhow::Result<()> {
        anyhow::ensure!(status.success(), "the stage `{}` failed: {}", self.name, self.advice);
        Ok(())
    }

    /// Runs a command. The tests of a quick run are not all tests, so they are no evidence.
    fn status(&self, project: &Project, command: &mut Command) -> io::Result<ExitStatus> {
        if self.name == quick::TESTS {
            return command.status();
        }
        evidence::status(&evidence::file(project), command)
    }
}

/// What came of starting a command, with its program in the error.
fn named<T>(command: &Command, outcome: io::Result<T>) -> anyhow::Result<T> {
    outcome.with_context(|| format!("cannot start {}: install it", command.get_program().display()))
}

/// A line for each stage: what it does and how long it takes; a star stands before those of `--quick`.
fn list(times: &Times) -> String {
    let line = |stage: Stage| {
        let star = if stage.quick { '*' } else { ' ' };
        let time = format_duration(times.expected(&stage));
        format!("{star} {:<14} {time:>12}  {}", stage.name, stage.summary())
    };
    let lines = STAGES.into_iter().map(line).collect::<Vec<_>>().join("\n");
    format!("{lines}\n* also part of --quick, which runs some of the tests too")
}

fn summary(taken: &[(&str, Duration, bool)]) -> String {
    let line = |&(name, time, held): &(&str, Duration, bool)| {
        format!("{name:<14} {:>6.1} s  {}", time.as_secs_f64(), if held { "ok" } else { "FAILED" })
    };
    taken.iter().map(line).collect::<Vec<_>>().join("\n")
}

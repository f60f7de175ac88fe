//! How long each stage took the last time on this checkout.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use project::Project;

use super::stages::Stage;

/// The times of earlier runs, a line each: milliseconds and name.
#[derive(Debug)]
pub(super) struct Times {
    file: PathBuf,
    known: BTreeMap<String, u64>,
}

impl Times {
    /// Those of this checkout.
    pub(super) fn of(project: &Project) -> Self {
        Self::read(&project.target_folder().join("stage-times.txt"))
    }

    /// A file that is missing or damaged costs no more than the defaults.
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let known = text.lines().filter_map(|line| {
            let (millis, name) = line.split_once(' ')?;
            Some((name.to_owned(), millis.parse().ok()?))
        });
        Self { file: file.to_owned(), known: known.collect() }
    }

    /// How long a stage takes: as the last time, or as the table of stages says.
    pub(super) fn expected(&self, stage: &Stage) -> Duration {
        let known = self.known.get(stage.name).copied();
        known.map_or(Duration::from_secs(stage.seconds), Duration::from_millis)
    }

    /// Writes down how long a stage took that succeeded.
    pub(super) fn record(&mut self, stage: &Stage, time: Duration) -> anyhow::Result<()> {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.known.insert(stage.name.to_owned(), millis);
        let lines: Vec<_> = self.known.iter().map(|(name, millis)| format!("{millis} {name}\n")).collect();
        fs::write(&self.file, lines.concat()).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::stages::STAGES, *};

    #[test]
    fn a_stage_is_expected_to_take_as_long_as_the_last_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("times.txt");
        let stage = STAGES[0];
        let mut times = Times::read(&file);
        assert_eq!(times.expected(&stage), Duration::from_secs(stage.seconds), "the default");
        times.record(&stage, Duration::from_millis(2500)).expect("it is written");
        assert_eq!(Times::read(&file).expected(&stage), Duration::from_millis(2500));
        fs::write(&file, "soon format\n").expect("it is written");
        assert_eq!(Times::read(&file).expected(&stage), Duration::from_secs(stage.seconds), "no number");
    }
}

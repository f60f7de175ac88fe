//! Workflows of GitHub, as far as what their steps do.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// A workflow.
#[derive(Clone, Debug, Deserialize)]
pub struct Workflow {
    /// The defaults of every step.
    #[serde(default)]
    pub defaults: Defaults,
    /// Its jobs by their ids.
    pub jobs: BTreeMap<String, Job>,
}

/// The defaults of every step.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Defaults {
    /// For those that run something.
    #[serde(default)]
    pub run: RunDefaults,
}

/// The defaults of every step that runs a script.
#[derive(Clone, Debug, Deserialize)]
pub struct RunDefaults {
    /// The command line that runs a script, whose path replaces `{0}`.
    #[serde(default = "of_github")]
    pub shell: String,
}

impl Default for RunDefaults {
    fn default() -> Self {
        Self { shell: of_github() }
    }
}

/// GitHub's default shell on Linux.
fn of_github() -> String {
    "bash -e {0}".to_owned()
}

/// A job.
#[derive(Clone, Debug, Deserialize)]
pub struct Job {
    /// Which runners take it, by their labels.
    #[serde(default, rename = "runs-on")]
    pub runs_on: Json,
    /// The jobs that it waits for: one or several.
    #[serde(default)]
    pub needs: Json,
    /// The steps, in sequence.
    pub steps: Vec<Step>,
}

impl Job {
    /// The jobs that it waits for.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let one = self.needs.as_str();
        one.into_iter().chain(self.needs.as_array().into_iter().flatten().filter_map(Json::as_str))
    }
}

/// A step, which runs a script or uses an action.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// The step's name.
    pub name: Option<String>,
    /// The id by which other steps refer to it.
    pub id: Option<String>,
    /// When it runs; without it, when nothing failed before.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// The action that it uses.
    pub uses: Option<String>,
    /// The inputs of that action.
    #[serde(default)]
    pub with: BTreeMap<String, Json>,
    /// The environment of its script, with expressions.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Its script.
    pub run: Option<String>,
}

impl Step {
    /// Whether it runs a stage of `cargo xtask test`.
    #[must_use]
    pub fn runs_stage(&self, stage: &str) -> bool {
        let stages =
            self.run.as_deref().and_then(|run| run.split_once(" --stage ")).map(|(_, stages)| stages);
        stages.is_some_and(|stages| stages.split_whitespace().any(|one| one == stage))
    }
}

impl Workflow {
    /// Reads a workflow.
    ///
    /// # Errors
    /// When it is no YAML, or none of a workflow.
    pub fn read(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }

    /// Every step of every job.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.jobs.values().flat_map(|job| &job.steps)
    }
}

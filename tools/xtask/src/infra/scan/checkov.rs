//! checkov on what the compiler says would be deployed: its own reader of Bicep skips what it cannot parse and does not
//! follow parameters from file to file.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use infra_check::variants::{self, Size};
use project::Project;
use serde_json::{Value as Json, json};

/// The file that lists accepted findings, each with the reason.
const MEANT: &str = "infra/checkov.txt";

/// Before the resource type of what is meant to be so in the size `small` alone.
const SMALL: &str = "small:";

pub(super) fn run(project: &Project, python: &Path) -> anyhow::Result<()> {
    let folder = templates(project)?;
    let mut command = Command::new(python.join("bin/checkov"));
    command.arg("--directory").arg(&folder);
    command.args(["--framework", "arm", "--skip-download", "--compact", "--output", "json"]);
    let output = command.output().context("cannot start checkov")?;
    let said: Json = serde_json::from_slice(&output.stdout).context("checkov said no JSON")?;
    ensure!(said["summary"]["parsing_errors"] == 0, "checkov cannot parse a snapshot");
    let checks = |kind: &str| said["results"][kind].as_array().cloned().unwrap_or_default();
    let passed = checks("passed_checks").len();
    ensure!(passed > 100, "checkov checked next to nothing: {passed}");
    let text = project::read(&project.root().join(MEANT))?;
    let mut meant = meant(&text)?;
    let mut faults = Vec::new();
    let mut needed = BTreeSet::new();
    for check in &checks("failed_checks") {
        let (id, resource) = (&check["check_id"], check["resource"].as_str().unwrap_or_default());
        let id = id.as_str().unwrap_or_default();
        let template = check["file_path"].as_str().unwrap_or_default();
        let everywhere = kind(resource).to_owned();
        let in_small = is_small(template).then(|| format!("{SMALL}{everywhere}"));
        let about = [Some(everywhere), in_small].into_iter().flatten().map(|kind| (id.to_owned(), kind));
        if let Some(about) = about.into_iter().find(|about| meant.contains(about)) {
            needed.insert(about);
        } else {
            faults.push(format!("{id}: {resource}: {} ({})", check["check_name"], check["file_path"]));
        }
    }
    meant.retain(|about| !needed.contains(about));
    faults.extend(meant.iter().map(|(id, kind)| format!("{MEANT}: nothing needs {id} {kind}")));
    for fault in &faults {
        println!("{fault}");
    }
    ensure!(faults.is_empty(), "checkov finds {} faults", faults.len());
    println!("checkov: {passed} checks hold, {} kinds of finding are meant to be so", needed.len());
    Ok(())
}

/// The snapshots in the form of templates, which is what checkov reads.
fn templates(project: &Project) -> anyhow::Result<PathBuf> {
    let folder = project.target_folder().join("checkov");
    fs::create_dir_all(&folder).context("cannot make the folder of templates")?;
    for variant in variants::all_variants() {
        let snapshot: Json =
            serde_json::from_str(&project::read(&project.root().join(variant.snapshot_path()))?)?;
        let template = json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "resources": snapshot["predictedResources"],
        });
        let path = folder.join(format!("{}.json", variant.name));
        fs::write(&path, template.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}

/// The type in what checkov calls a resource: `Microsoft.Web/sites.NAME`.
fn kind(resource: &str) -> &str {
    let after = resource.find('/').unwrap_or_default();
    let end = resource.get(after..).and_then(|rest| rest.find('.')).map_or(resource.len(), |dot| after + dot);
    resource.get(..end).unwrap_or(resource)
}

/// Whether a template is of the size `small`.
fn is_small(template: &str) -> bool {
    let mut small = variants::all_variants().into_iter().filter(|variant| variant.size == Size::Small);
    small.any(|variant| template.trim_start_matches('/') == format!("{}.json", variant.name))
}

/// Check and resource type of each line, which has to say why.
fn meant(text: &str) -> anyhow::Result<BTreeSet<(String, String)>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let (id, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            ensure!(words.count() > 3, "{MEANT}: {id} {kind} is meant to be so without a reason");
            Ok((id.to_owned(), kind.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_findings_need_a_reason() {
        assert_eq!(kind("Microsoft.Web/sites.func-api.x"), "Microsoft.Web/sites");
        assert_eq!(kind("Microsoft.Web/sites/config.func-api/appsettings"), "Microsoft.Web/sites/config");
        assert!(meant("CKV_1 Microsoft.Web/sites").is_err());
        assert_eq!(
            meant("# why\n\nCKV_1 Microsoft.Web/sites because it has to be").expect("a line").len(),
            1
        );
        assert!(is_small("/flex-small.json") && !is_small("/flex-first.json"));
    }
}

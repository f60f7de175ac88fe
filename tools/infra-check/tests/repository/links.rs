//! What the repository says of itself is there.

use std::path::{Component, Path, PathBuf};

use crate::{
    files::{File, all, root},
    markdown::{anchors, targets},
};

/// The path from the root that leads from a folder to a target.
fn resolve(folder: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => path.pop().then_some(())?,
            Component::Normal(name) => path.push(name),
            _ => (),
        }
    }
    Some(path)
}

/// Why nothing is at the end of a link, if so.
fn fault(files: &[File], from: &File, target: &str) -> Option<String> {
    // GitHub's own page of a workflow, two levels above a file at the root, whatever the repository is called there.
    if let Some(workflow) =
        target.strip_prefix("../../actions/workflows/").filter(|_| !from.path.contains('/'))
    {
        let name = workflow.split('/').next().unwrap_or_default();
        let there = root().join(".github/workflows").join(name).is_file();
        return (!there).then(|| format!("{}: there is no workflow {name}", from.path));
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let found = if path.is_empty() { Some(PathBuf::from(&from.path)) } else { resolve(from.folder(), path) };
    let there = found.filter(|path| root().join(path).exists());
    let Some(there) = there else { return Some(format!("{}: there is no {target}", from.path)) };
    if anchor.is_empty() {
        return None;
    }
    let document = files.iter().find(|file| Path::new(&file.path) == there);
    let has = document.is_some_and(|document| anchors(&document.text).iter().any(|one| one == anchor));
    (!has).then(|| format!("{}: {path} has no #{anchor}", from.path))
}

#[test]
fn every_link_between_documents_resolves() {
    let files = all();
    let mut faults = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(|file| file.is_markdown()) {
        let inside = targets(&file.text).into_iter().filter(|target| !target.contains(':'));
        for target in inside {
            count += 1;
            faults.extend(fault(&files, file, &target));
        }
    }
    assert!(count > 300, "{count} links");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Paths of documents in a text that is no Markdown, with their anchors.
fn cited(text: &str) -> Vec<&str> {
    let of_path = |one: char| one.is_ascii_alphanumeric() || "_./-".contains(one);
    let ends = text.match_indices(".md").map(|(at, mark)| at + mark.len());
    let paths = ends.filter_map(|end| {
        let start = text[..end].rfind(|one: char| !of_path(one)).map_or(0, |at| at + 1);
        let rest = &text[end..];
        let start = start + text[start..].find(|one: char| one.is_ascii()).unwrap_or_default();
        let anchor = rest.strip_prefix('#').map_or(0, |rest| {
            1 + rest.find(|one: char| !one.is_alphanumeric() && !"_-".contains(one)).unwrap_or(rest.len())
        });
        let path = text.get(start..end + anchor)?;
        (!path.starts_with("//") && (anchor > 1 || path.starts_with("docs/"))).then_some(path)
    });
    paths.collect()
}

#[test]
fn every_cited_document_and_heading_exists() {
    let files = all();
    let mut faults = Vec::new();
    let mut count = 0;
    let code = files
        .iter()
        .filter(|file| !file.is_markdown() && !file.path.starts_with("tools/infra-check/tests/repository/"));
    for file in code {
        for path in cited(&file.text) {
            count += 1;
            let crates_own = file.path.split("/src/").next().map(|folder| format!("{folder}/Cargo.toml"));
            let places = [Some("Cargo.toml".to_owned()), crates_own, Some(file.path.clone())];
            let places = places.into_iter().flatten().map(|path| File { path, text: String::new() });
            if places.into_iter().all(|from| fault(&files, &from, path).is_some()) {
                faults.push(format!("{}: {path} leads nowhere", file.path));
            }
        }
    }
    assert!(count > 100, "{count} citations");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_test_in_a_document_exists() {
    let files = all();
    let mut faults = Vec::new();
    let mut count = 0;
    for document in files.iter().filter(|file| file.is_markdown()) {
        let named = document.text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(".rs::"));
        for (path, test) in named {
            count += 1;
            let path = format!("{path}.rs");
            let file = files.iter().find(|file| file.path == path);
            if !file.is_some_and(|file| file.text.contains(&format!("fn {test}("))) {
                faults.push(format!("{}: there is no {path}::{test}", document.path));
            }
        }
    }
    assert!(count > 150, "{count} tests");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

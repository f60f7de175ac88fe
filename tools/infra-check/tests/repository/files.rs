//! The text files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders whose files are not the repository's own.
const FOREIGN: [&str; 6] = [".git", ".local", "mutants.out", "mutants.out.old", "node_modules", "target"];

/// A file and its text.
pub(crate) struct File {
    /// Its path from the repository's root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn ending(&self) -> &str {
        Path::new(&self.path).extension().and_then(|ending| ending.to_str()).unwrap_or_default()
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.ending() == "md"
    }

    /// Its folder, from the repository's root.
    pub(crate) fn folder(&self) -> &Path {
        Path::new(&self.path).parent().unwrap_or(Path::new(""))
    }

    /// Its prose as Markdown: the document itself, or the comments of code.
    pub(crate) fn prose(&self) -> String {
        match self.ending() {
            "md" => self.text.clone(),
            "rs" | "bicep" | "bicepparam" | "kql" | "js" | "mjs" | "cjs" => comments(&self.text, "//"),
            "sql" => comments(&self.text, "--"),
            "json" | "html" | "css" | "xml" | "svg" | "pem" | "lock" | "stderr" => String::new(),
            _ => comments(&self.text, "#"),
        }
    }
}

/// What stands behind the mark of a comment, a line each.
fn comments(text: &str, mark: &str) -> String {
    let comment = |line: &str| {
        let starts = line.match_indices(mark).map(|(at, _)| at);
        let start =
            starts.into_iter().find(|at| line[..*at].chars().last().is_none_or(char::is_whitespace))?;
        let rest = line[start + mark.len()..].trim_start_matches(['/', '!']);
        Some(rest.trim().to_owned())
    };
    let lines: Vec<_> = text.lines().map(|line| comment(line).unwrap_or_default()).collect();
    lines.join("\n")
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text file that people write. What the compiler of Bicep makes, and what was recorded from the host, is left out.
pub(crate) fn all() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    read(&root, &root, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 1000, "the folders are where this test looks: {}", found.len());
    found
}

fn read(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let (path, kind) = (entry.path(), entry.file_type().expect("its type"));
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && !FOREIGN.contains(&name.as_str()) {
            read(root, &path, found);
        } else if kind.is_file() && name != "local.settings.json" {
            let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            let is_made = relative.ends_with(".snapshot.json")
                || relative.contains("/recordings/")
                    && path.extension().is_some_and(|ending| ending == "json");
            if let (false, Ok(text)) = (is_made, fs::read_to_string(&path)) {
                found.push(File { path: relative, text });
            }
        }
    }
}

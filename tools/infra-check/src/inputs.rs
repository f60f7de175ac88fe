//! Which files the committed snapshots were made of, and whether they are still the same.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::variants;

/// The file with the digests of the compiler's inputs and outputs, in the format of `sha256sum --check`.
pub const DIGESTS_FILE: &str = "infra/variants/inputs.sha256";

/// The compiler's inputs and outputs: files, and folders with the extension of their files.
const FILES: [&str; 3] = ["infra/main.bicep", "infra/bicepconfig.json", "docs/openapi.json"];
const FOLDERS: [(&str, &str); 5] = [
    ("infra/modules", "bicep"),
    ("infra/policies", "xml"),
    ("infra/queries", "kql"),
    (variants::VARIANTS_FOLDER, "bicepparam"),
    (variants::VARIANTS_FOLDER, "json"),
];

/// The digests of today's files as the text that is committed.
///
/// # Errors
/// When a file cannot be read.
pub fn compute_digests(root: &Path) -> io::Result<String> {
    let mut text = String::new();
    for path in paths(root)? {
        let _ = writeln!(text, "{}  {path}", digest(&fs::read(root.join(&path))?));
    }
    Ok(text)
}

/// SHA-256 as `sha256sum` prints it.
#[must_use]
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The files that are not as they were when the snapshots were made, came since or are gone.
///
/// # Errors
/// When a file cannot be read.
pub fn changed_files(root: &Path) -> io::Result<Vec<String>> {
    let committed = fs::read_to_string(root.join(DIGESTS_FILE)).unwrap_or_default();
    let now = compute_digests(root)?;
    let by_path = |text: &str| -> BTreeMap<String, String> {
        let lines = text.lines().filter_map(|line| line.split_once("  "));
        lines.map(|(digest, path)| (path.to_owned(), digest.to_owned())).collect()
    };
    let (before, now) = (by_path(&committed), by_path(&now));
    let all: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    Ok(all.into_iter().filter(|path| before.get(*path) != now.get(*path)).cloned().collect())
}

fn paths(root: &Path) -> io::Result<Vec<String>> {
    let mut paths: Vec<String> =
        FILES.iter().filter(|file| root.join(file).is_file()).map(|&file| file.to_owned()).collect();
    for (folder, ending) in FOLDERS {
        for path in files_with_extension(&root.join(folder), ending)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            paths.push(format!("{folder}/{name}"));
        }
    }
    paths.sort();
    Ok(paths)
}

/// The files of a folder with an ending.
///
/// # Errors
/// When the folder cannot be read.
pub fn files_with_extension(folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        found.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|is| is == ending)));
    }
    found.sort();
    Ok(found)
}

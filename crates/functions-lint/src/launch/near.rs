//! Files whose name is nearly the one that was asked for.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// How deep the file is looked for elsewhere in the app folder.
const DEPTH: usize = 3;
/// Entries looked at, so that a folder of dependencies costs no time.
const MOST: usize = 4000;

/// Files below `root` that `written` was probably meant to name, as paths below it: the same path in other case, with
/// or without `.exe`, with the separators of Windows; else the same name in another folder. The path `written` itself
/// is never among them.
#[must_use]
pub fn similar_paths(root: &Path, written: &str) -> Vec<String> {
    let path = written.replace('\\', "/");
    let path = Path::new(path.trim_start_matches("./"));
    if path.is_absolute() || path.as_os_str().is_empty() {
        return Vec::new();
    }
    let there = along(root, path);
    let there = if there.is_empty() { elsewhere(root, path) } else { there };
    let below = there.iter().filter_map(|file| file.strip_prefix(root).ok());
    let mut names: Vec<_> = below.map(|file| file.to_string_lossy().into_owned()).collect();
    names.retain(|name| name != written);
    names.sort();
    names.truncate(3);
    names
}

/// Whether both paths lead to the same folder, and so differ in case, separators and `.exe` alone.
pub(crate) fn is_same_place(written: &str, found: &str) -> bool {
    let parts = |path: &str| {
        let path = path.replace('\\', "/");
        path.trim_start_matches("./").split('/').map(str::to_owned).collect::<Vec<_>>()
    };
    let (written, found) = (parts(written), parts(found));
    written.len() == found.len() && written.iter().zip(&found).all(|(one, other)| same(one, other))
}

/// The files that the path leads to when each of its names may differ a little.
fn along(root: &Path, path: &Path) -> Vec<PathBuf> {
    let mut reached = vec![root.to_owned()];
    for component in path.components() {
        reached = match component {
            Component::Normal(name) => {
                let name = name.to_string_lossy();
                reached.iter().flat_map(|folder| alike(folder, &name)).collect()
            }
            Component::ParentDir => reached.iter().map(|folder| folder.join("..")).collect(),
            _ => reached,
        };
    }
    reached.retain(|file| file.is_file());
    reached
}

fn alike(folder: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST);
    let alike = entries.filter(|entry| same(&entry.file_name().to_string_lossy(), name));
    alike.map(|entry| entry.path()).collect()
}

/// Whether two names differ in case and `.exe` alone.
fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        let name = name.to_lowercase();
        name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
    };
    plain(one) == plain(other)
}

/// Files of nearly this name in other folders of the app.
fn elsewhere(root: &Path, path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Vec::new();
    };
    let (mut found, mut folders, mut seen) = (Vec::new(), vec![(root.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST {
                return found;
            }
            let (path, shown) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() && depth < DEPTH && !shown.starts_with('.') && shown != "node_modules" {
                folders.push((path, depth + 1));
            } else if path.is_file() && same(&shown, &name) {
                found.push(path);
            }
        }
    }
    found
}

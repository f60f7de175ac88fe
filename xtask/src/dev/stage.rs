//! The app folder as the host wants it: host.json, the worker, and the function folders right below.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::project::{Profile, Project};

/// Lays out the app in one of two folders and then points `target/app` to it, so that a host that reads it
/// sees the old app or the new one and never half of both.
pub(super) fn stage(project: &Project, profile: Profile) -> anyhow::Result<PathBuf> {
    let worker = project.worker(profile);
    let app = project.target().join("app");
    lay_out(project.root(), &worker, &app).with_context(|| format!("cannot stage {}", app.display()))?;
    Ok(app)
}

fn lay_out(root: &Path, worker: &Path, app: &Path) -> io::Result<()> {
    let current = fs::read_link(app).ok();
    let spare = if current.is_some_and(|folder| folder.ends_with("app-a")) { "app-b" } else { "app-a" };
    let folder = app.with_file_name(spare);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::copy(root.join("host.json"), folder.join("host.json"))?;
    if let Some(name) = worker.file_name() {
        fs::copy(worker, folder.join(name))?;
    }
    for function in fs::read_dir(root.join("functions"))? {
        let function = function?;
        let definition = function.path().join("function.json");
        if definition.is_file() {
            let target = folder.join(function.file_name());
            fs::create_dir(&target)?;
            fs::copy(definition, target.join("function.json"))?;
        }
    }
    point(app, spare)
}

/// Renaming a link over another is one step for everyone who looks.
fn point(app: &Path, folder: &str) -> io::Result<()> {
    let draft = app.with_file_name("app-link");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(folder, &draft)?;
    fs::rename(&draft, app)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(function: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("host.json", "{}");
        write(&format!("functions/{function}/function.json"), "{}");
        write("functions/README.md", "no function");
        write("target/debug/worker", "binary");
        root
    }

    fn lay(root: &Path) {
        lay_out(root, &root.join("target/debug/worker"), &root.join("target/app")).unwrap();
    }

    #[test]
    fn the_function_folders_lie_right_below_the_app() {
        let root = repository("Greet");
        lay(root.path());
        let app = root.path().join("target/app");
        for file in ["host.json", "worker", "Greet/function.json"] {
            assert!(app.join(file).is_file(), "{file}");
        }
        assert_eq!(fs::read_dir(&app).unwrap().count(), 3);
    }

    #[test]
    fn a_new_stage_holds_nothing_of_the_old_one_and_leaves_it_in_place() {
        let root = repository("Greet");
        lay(root.path());
        let app = root.path().join("target/app");
        let old = app.canonicalize().unwrap();
        for name in ["Part", "Return"] {
            fs::rename(root.path().join("functions"), root.path().join("before")).unwrap();
            let path = root.path().join("functions").join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("function.json"), "{}").unwrap();
            lay(root.path());
            assert!(app.join(name).join("function.json").is_file());
            assert!(!app.join("Greet").exists());
            fs::remove_dir_all(root.path().join("before")).unwrap();
        }
        assert_eq!(app.canonicalize().unwrap(), old, "two folders take turns");
    }
}

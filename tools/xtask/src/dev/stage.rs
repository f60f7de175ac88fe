//! The app folder as the host wants it: host.json, the worker, and the function folders right below.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use project::{Profile, Project};

/// Lays out the app in one of two folders and then points `target/app` to it, so that a host that reads it
/// sees the old app or the new one and never half of both.
pub(super) fn stage(project: &Project, profile: Profile) -> anyhow::Result<PathBuf> {
    let worker = project.worker_binary(profile);
    let app = project.target_folder().join("app");
    let state = project.state_folder();
    fs::create_dir_all(&state).with_context(|| format!("cannot make {}", state.display()))?;
    lay_out(project.root(), &worker, &state, &app)?;
    Ok(app)
}

fn lay_out(root: &Path, worker: &Path, state: &Path, app: &Path) -> anyhow::Result<()> {
    let current = fs::read_link(app).ok();
    let spare = if current.is_some_and(|folder| folder.ends_with("app-a")) { "app-b" } else { "app-a" };
    let folder = app.with_file_name(spare);
    empty(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    let name = worker.file_name().and_then(OsStr::to_str).context("the worker has no name")?;
    functions_emulator::app::stage_app(root, worker, name, &folder)?;
    // The worker's folder is the app's, as under the real host, and what it keeps there has to outlive a build.
    symlink(state, folder.join(".local")).context("cannot link .local into the staged app")?;
    point(app, spare).with_context(|| format!("cannot point {} to the staged app", app.display()))
}

fn empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

/// Renaming a link over another is one step for everyone who looks.
fn point(app: &Path, folder: &str) -> io::Result<()> {
    let draft = app.with_file_name("app-link");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    symlink(folder, &draft)?;
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
        fs::create_dir(root.path().join(".local")).unwrap();
        root
    }

    fn try_lay(root: &Path) -> anyhow::Result<()> {
        lay_out(root, &root.join("target/debug/worker"), &root.join(".local"), &root.join("target/app"))
    }

    fn lay(root: &Path) {
        try_lay(root).unwrap();
    }

    #[test]
    fn function_folders_are_at_the_top_level() {
        let root = repository("Greet");
        lay(root.path());
        let app = root.path().join("target/app");
        for file in ["host.json", "worker", "Greet/function.json"] {
            assert!(app.join(file).is_file(), "{file}");
        }
        assert_eq!(fs::read_dir(&app).unwrap().count(), 4, "with the link to .local");
    }

    #[test]
    fn worker_files_survive_a_rebuild() {
        let root = repository("Greet");
        lay(root.path());
        let kept = root.path().join("target/app/.local/orders.db");
        fs::write(&kept, "orders").unwrap();
        for _ in 0..2 {
            lay(root.path());
            assert_eq!(fs::read_to_string(&kept).unwrap(), "orders");
        }
    }

    #[test]
    fn a_missing_file_is_reported() {
        let root = repository("Greet");
        fs::remove_file(root.path().join("host.json")).unwrap();
        let refusal = try_lay(root.path()).unwrap_err().to_string();
        assert!(refusal.contains("host.json"), "{refusal}");
    }

    #[test]
    fn a_new_staging_folder_starts_empty() {
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

//! An app folder, made of a repository.

use std::{fs, io, path::Path};

/// Lays an app out as the host reads it, from a repository that keeps its function folders below `functions`:
/// host.json, the program under this name, and each folder that has a function.json, all right below `app`. Makes
/// `app`; existing files in it stay.
///
/// # Errors
/// A file that cannot be copied, by its name.
pub fn stage_app(repository: &Path, program: &Path, name: &str, app: &Path) -> io::Result<()> {
    let functions = repository.join("functions");
    make(app)?;
    copy(&repository.join("host.json"), &app.join("host.json"))?;
    copy(program, &app.join(name))?;
    for function in fs::read_dir(&functions).map_err(named("read", &functions))? {
        let function = function?;
        let definition = function.path().join("function.json");
        if definition.is_file() {
            let folder = app.join(function.file_name());
            make(&folder)?;
            copy(&definition, &folder.join("function.json"))?;
        }
    }
    Ok(())
}

fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(named("make", folder))
}

fn copy(file: &Path, to: &Path) -> io::Result<()> {
    fs::copy(file, to).map(drop).map_err(named("copy", file))
}

fn named(doing: &str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("cannot {doing} {}: {error}", path.display()))
}

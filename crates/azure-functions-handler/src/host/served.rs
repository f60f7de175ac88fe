//! Which functions this process serves: those whose folders stand in the app root.

use std::{
    io::{Error, ErrorKind},
    path::Path,
};

use super::Function;

/// Those of `all` whose `<root>/<Name>/function.json` exists; without a root, all of them.
///
/// # Errors
/// When the root cannot be read, so that a wrong one never looks like an app without functions.
pub fn served<A>(root: Option<&Path>, all: Vec<Function<A>>) -> std::io::Result<Vec<Function<A>>> {
    let Some(root) = root else { return Ok(all) };
    let unreadable = |kind: ErrorKind, why: &dyn std::fmt::Display| {
        let root = root.display();
        Error::new(kind, format!("cannot read the app root {root}: {why}; check FUNCTIONS_APP_ROOT_PATH"))
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).map_err(|fault| unreadable(fault.kind(), &fault))? {
        let entry = entry.map_err(|fault| unreadable(fault.kind(), &fault))?;
        folders.push((entry.file_name(), entry.path()));
    }
    // Names are compared as the folder spells them: a file system may ignore case, the envelope entrance does not.
    let stands = |name: &str| {
        folders.iter().any(|(folder, path)| folder == name && path.join("function.json").is_file())
    };
    Ok(all.into_iter().filter(|function| stands(function.name)).collect())
}

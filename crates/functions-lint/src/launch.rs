//! What keeps a program from being started, seen before the start. A host checks all of it; the linter shares the checks of
//! the program's format and of the search path.

mod binary;
mod error;
mod near;
mod script;
mod search;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use binary::Machine;
pub(crate) use near::is_same_place;
pub use near::similar_paths;
pub use script::{Interpreter, has_carriage_returns};

pub use error::{EARLY_EXIT_IN_AZURE, LaunchError, START_FAILURE_IN_AZURE, TextHint};
pub use search::find_on_search_path;

use binary::Binary;
use script::Head;
use search::is_executable;

/// Where a program is started from.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The app folder.
    pub root: &'a Path,
    /// The program: a path, or a name that is looked up on the search path.
    pub program: &'a Path,
    /// The folder that it starts in.
    pub working_directory: &'a Path,
}

impl Launch<'_> {
    /// Whether the program can be started on this machine.
    ///
    /// # Errors
    /// The first reason why it cannot be started.
    pub fn check(&self) -> Result<(), LaunchError> {
        let shown = self.working_directory.display().to_string();
        if self.working_directory.is_file() {
            return Err(LaunchError::WorkingDirectoryIsFile(shown));
        }
        if !self.working_directory.is_dir() {
            return Err(LaunchError::NoWorkingDirectory(shown));
        }
        let written = self.program.strip_prefix(self.root).unwrap_or(self.program);
        let written = written.display().to_string();
        match locate(self.root, self.program) {
            Some(file) => check_startable(&file, &written),
            None => Err(LaunchError::Missing { near: similar_paths(self.root, &written), program: written }),
        }
    }
}

/// The file or folder that a program's name leads to: a path, from the app folder on if it is none from the root, or
/// the first hit on the search path.
fn locate(root: &Path, program: &Path) -> Option<PathBuf> {
    let is_name = program.components().count() == 1 && !program.is_absolute();
    let beside = Some(root.join(program)).filter(|path| path.exists() && (!is_name || path.is_file()));
    beside.or_else(|| if is_name { find_on_search_path(program) } else { None })
}

/// Whether the system can start this file; `shown` is its name in what is said.
///
/// # Errors
/// The reason why it cannot be started.
pub fn check_startable(file: &Path, shown: &str) -> Result<(), LaunchError> {
    if file.is_dir() {
        return Err(LaunchError::Folder(shown.to_owned()));
    }
    if !is_executable(file) {
        return Err(LaunchError::NotExecutable(shown.to_owned()));
    }
    check_format(file, shown)
}

/// Whether the file's content can be started, regardless of its permissions.
///
/// # Errors
/// The reason why it cannot be started.
pub fn check_format(file: &Path, shown: &str) -> Result<(), LaunchError> {
    // A file that cannot be read can be executed nevertheless.
    let Some(head) = head(file) else { return Ok(()) };
    let Some(Binary { machine, loader }) = Binary::read(&head) else {
        return Head::of(&head, file).startable(shown);
    };
    let program = shown.to_owned();
    match loader {
        _ if !machine.is_ours() => Err(LaunchError::OtherMachine { program, machine }),
        Some(loader) if !loader.is_empty() && !Path::new(&loader).exists() => {
            Err(LaunchError::LoaderMissing { program, loader })
        }
        _ => Ok(()),
    }
}

/// What a program file is built for, and the loader that it names; none for what is no program file.
pub(crate) fn machine(file: &Path) -> Option<(Machine, Option<String>)> {
    let Binary { machine, loader } = Binary::read(&head(file)?)?;
    Some((machine, loader))
}

/// The first bytes of a file: enough for program headers, the loader's name and a script's first line.
fn head(file: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    let mut head = Vec::new();
    fs::File::open(file).and_then(|file| file.take(8192).read_to_end(&mut head)).ok()?;
    Some(head)
}

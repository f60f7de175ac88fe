//! The program that host.json names, as far as its file shows.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    Settings, command_line,
    configuration::{has_values, member},
    json,
    launch::{self, LaunchError},
};

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// The section of host.json that names it: `customHandler`, or the older `httpWorker`.
    pub section: &'static str,
    /// `defaultExecutablePath` as it is written.
    pub path: String,
    /// The file that the host starts; none when it finds none and leaves it to the search path.
    pub file: Option<PathBuf>,
    /// The reason why that file cannot be started, regardless of its permissions.
    pub fault: Option<LaunchError>,
}

impl Program {
    pub(crate) fn of(root: &Path, host: &Value, settings: &Settings) -> Option<Self> {
        let section =
            ["customHandler", "httpWorker"].into_iter().find(|name| has_values(member(host, &[name])))?;
        let description = member(host, &[section, "description"])?;
        let named = |name| member(description, &[name]).and_then(json::text).filter(|text| !text.is_empty());
        let written = command_line::expand(&named("defaultExecutablePath")?, settings);
        let folder = named("workerDirectory").map_or_else(|| root.to_owned(), |folder| root.join(folder));
        let file = Some(folder.join(&written)).filter(|file| file.is_file());
        let fault = file.as_deref().and_then(|file| launch::check_format(file, &written).err());
        Some(Self { section, path: written, file, fault })
    }

    /// Whether it lies in the app folder, and so is deployed with it.
    #[must_use]
    pub fn is_in_app_folder(&self) -> bool {
        self.file.is_some() && !is_absolute(&self.path)
    }
}

/// Whether a path is one from the root, on Linux or on Windows.
#[must_use]
pub(crate) fn is_absolute(path: &str) -> bool {
    let drive = |path: &str| path.as_bytes().get(1) == Some(&b':');
    path.starts_with('/') || path.starts_with("\\\\") || drive(path)
}

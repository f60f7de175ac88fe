//! The files of the infrastructure, held in memory so that a test can change one and look again.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{File, SyntaxError, parse};

/// Every file below `infra/` and `docs/openapi.json`, by its path from the repository's root.
#[derive(Debug, Clone)]
pub struct Sources {
    texts: BTreeMap<String, Arc<str>>,
    files: BTreeMap<String, Arc<File>>,
}

/// The files cannot be read as Bicep.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// The folder or a file of it.
    #[error("cannot read {path}: check that the repository is whole")]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is no Bicep.
    #[error("{path} is no Bicep: mend the line that is named")]
    Syntax {
        /// The file.
        path: String,
        /// Where.
        #[source]
        source: SyntaxError,
    },
}

impl Sources {
    /// Reads them below the root of the repository.
    ///
    /// # Errors
    /// When a file cannot be read or a `.bicep` file has a syntax error.
    pub fn read(root: &Path) -> Result<Self, SourcesError> {
        let mut paths = Vec::new();
        list(&root.join("infra"), &mut paths)?;
        paths.extend(Some(root.join("docs/openapi.json")).filter(|path| path.is_file()));
        let mut sources = Self { texts: BTreeMap::new(), files: BTreeMap::new() };
        for path in paths {
            let read = fs::read_to_string(&path);
            let text = read.map_err(|source| SourcesError::Read { path: path.clone(), source })?;
            let from_root = path.strip_prefix(root).unwrap_or(&path);
            sources.set(&from_root.to_string_lossy(), text)?;
        }
        Ok(sources)
    }

    /// The same with one file more or another text in it.
    ///
    /// # Errors
    /// When the text is no Bicep and the name says that it is.
    pub fn set(&mut self, path: &str, text: String) -> Result<(), SourcesError> {
        if Path::new(path).extension().is_some_and(|extension| extension == "bicep") {
            let parsed = parse(&text);
            let file = parsed.map_err(|source| SourcesError::Syntax { path: path.to_owned(), source })?;
            self.files.insert(path.to_owned(), Arc::new(file));
        }
        self.texts.insert(path.to_owned(), text.into());
        Ok(())
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(AsRef::as_ref)
    }

    /// The tree of a `.bicep` file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// The paths of all `.bicep` files.
    pub fn bicep(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// A path as a file writes it, from the repository's root.
pub(super) fn beside(file: &str, path: &str) -> String {
    let mut steps: Vec<&str> = file.split('/').collect();
    steps.pop();
    for step in path.split('/') {
        match step {
            "." => {}
            ".." => {
                steps.pop();
            }
            name => steps.push(name),
        }
    }
    steps.join("/")
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), SourcesError> {
    let failed = |source| SourcesError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            list(&path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

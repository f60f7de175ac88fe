//! The function.json of each function, written from its registration and held against it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::{
    DeploymentError, Functions, RegistrationErrors, deployment,
    function::{Function, Kind},
    trigger::{OutputBinding, OutputKind},
};

/// A function's function.json.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FunctionJson {
    /// The function's name, which is that of the folder.
    pub name: &'static str,
    /// The file's text.
    pub text: String,
}

/// Why the function folders differ from the registrations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionJsonError {
    /// The registrations themselves are wrong.
    #[error(transparent)]
    Registration(#[from] RegistrationErrors),
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] DeploymentError),
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Files differ from the registrations.
    #[error("{}: not as registered; write them with `Functions::write_function_json`", .0.join(", "))]
    Differs(Vec<String>),
    /// Folders of functions that are not registered.
    #[error("{}: no function of that name is registered; delete the folder", .0.join(", "))]
    NotRegistered(Vec<String>),
}

impl<S, Need> Functions<S, Need>
where
    S: Clone + Send + Sync + 'static,
{
    /// The function.json of each function.
    ///
    /// # Errors
    /// When the registrations contradict each other or the rules of the Functions host.
    pub fn function_json(&self) -> Result<Vec<FunctionJson>, RegistrationErrors> {
        self.all()?;
        let text = |function: &Function<S, Need>| format!("{:#}\n", json!({"bindings": bindings(function)}));
        Ok(self
            .functions
            .iter()
            .map(|function| FunctionJson { name: function.name, text: text(function) })
            .collect())
    }

    /// Writes `<folder>/<Name>/function.json` for each function. Files with the same content are left as they are.
    ///
    /// # Errors
    /// When the registrations are wrong, or a file cannot be written.
    pub fn write_function_json(&self, folder: impl AsRef<Path>) -> Result<(), FunctionJsonError> {
        for function in self.function_json()? {
            let folder = folder.as_ref().join(function.name);
            let file = folder.join("function.json");
            if says(&file, &function.text) {
                continue;
            }
            fs::create_dir_all(&folder)
                .and_then(|()| fs::write(&file, &function.text))
                .map_err(|source| FunctionJsonError::File { file, source })?;
        }
        Ok(())
    }

    /// Holds the folders of functions against the registrations, for a test.
    ///
    /// # Errors
    /// When a file is missing or differs, or a folder's function is not registered.
    pub fn check_function_json(&self, folder: impl AsRef<Path>) -> Result<(), FunctionJsonError> {
        let folder = folder.as_ref();
        let registered = self.function_json()?;
        let file = |name: &str| folder.join(name).join("function.json");
        let differing: Vec<String> = registered
            .iter()
            .filter(|function| !says(&file(function.name), &function.text))
            .map(|function| format!("{}/function.json", function.name))
            .collect();
        if !differing.is_empty() {
            return Err(FunctionJsonError::Differs(differing));
        }
        let mut unknown = deployment::function_folders(folder)?;
        unknown.retain(|name| registered.iter().all(|function| function.name != name));
        if unknown.is_empty() { Ok(()) } else { Err(FunctionJsonError::NotRegistered(unknown)) }
    }
}

/// Whether a file holds the same JSON as this text, however it is laid out.
fn says(file: &Path, text: &str) -> bool {
    let Ok(found) = fs::read_to_string(file) else { return false };
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    value(&found).is_some_and(|found| Some(found) == value(text))
}

fn bindings<S, Need>(function: &Function<S, Need>) -> Vec<Value> {
    let mut bindings = vec![trigger(function)];
    if matches!(function.kind, Kind::Http(_)) {
        bindings.push(json!({"type": "http", "direction": "out", "name": "res"}));
    }
    bindings.extend(function.outputs.iter().map(output));
    bindings
}

fn trigger<S, Need>(function: &Function<S, Need>) -> Value {
    let mut binding = Map::new();
    let kind = match &function.kind {
        Kind::Http(_) => "httpTrigger",
        Kind::Queue(_) => "queueTrigger",
        Kind::Timer(_) => "timerTrigger",
        Kind::Other(other) => other.kind,
    };
    binding.insert("type".into(), kind.into());
    binding.insert("direction".into(), "in".into());
    binding.insert("name".into(), function.binding.into());
    match &function.kind {
        Kind::Http(http) => {
            binding.insert("authLevel".into(), http.auth_level.name().into());
            if !http.methods.is_empty() {
                let methods = http.methods.iter().map(|method| method.as_str().to_ascii_lowercase());
                binding.insert("methods".into(), methods.collect());
            }
            binding.insert("route".into(), http.route.into());
        }
        Kind::Queue(queue) => {
            binding.insert("queueName".into(), queue.queue.into());
            binding.extend(queue.connection.map(|setting| ("connection".into(), setting.into())));
            // Without it the host turns bytes that are no UTF-8 into others.
            binding.insert("dataType".into(), "binary".into());
        }
        Kind::Timer(timer) => {
            binding.insert("schedule".into(), timer.schedule.into());
            if !timer.is_monitored {
                binding.insert("useMonitor".into(), false.into());
            }
        }
        Kind::Other(other) => binding.extend(other.properties.clone()),
    }
    binding.into()
}

fn output(output: &OutputBinding) -> Value {
    let mut binding = Map::new();
    let kind = match output.kind {
        OutputKind::Queue(_) => "queue",
        OutputKind::Other(kind) => kind,
    };
    binding.insert("type".into(), kind.into());
    binding.insert("direction".into(), "out".into());
    binding.insert("name".into(), output.name.into());
    if let OutputKind::Queue(queue) = output.kind {
        binding.insert("queueName".into(), queue.into());
    }
    binding.extend(output.properties.clone());
    binding.extend(output.connection.map(|setting| ("connection".into(), setting.into())));
    binding.into()
}

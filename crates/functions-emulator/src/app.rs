//! The configuration in an app folder: host.json, one function.json a function, and the settings that override them.

mod function_json;
mod host_json;
mod stage_app;
mod model;

use std::path::{Path, PathBuf};

pub use functions_lint::retry::{RetryDelay, RetryPolicy};
use functions_lint::{Level, configuration::Section, diagnose};
pub(crate) use functions_lint::{Settings, binding::is_queue_name};
pub use model::{
    AuthLevel, Connection, CustomHandler, DataType, Function, HostJson, Input, MessageEncoding, Output,
    OutputKind, QueueOptions, Trigger, TriggerKind,
};
pub use stage_app::stage_app;

/// An app as the host sees it after start: settings of the whole app, and its functions.
#[derive(Clone, Debug)]
pub struct App {
    /// The folder that holds host.json and the function folders.
    pub root: PathBuf,
    /// host.json, overrides applied.
    pub host: HostJson,
    /// Every enabled function, sorted by folder name ignoring case: the sequence in which routes are tried.
    pub functions: Vec<Function>,
    /// Functions that a setting switches off: their routes stay taken, and answer 404.
    pub disabled: Vec<Function>,
    /// Values that the host understands differently than the author may mean, one sentence each.
    pub warnings: Vec<String>,
    /// `AzureWebJobsDisableHomepage`: `/` then answers 204 where no function is.
    pub hides_home_page: bool,
    /// `FUNCTIONS_CORETOOLS_ENVIRONMENT`: envelopes then travel with a length instead of in chunks.
    pub in_core_tools: bool,
    /// `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`: bytes of a caller's body, 100 MiB by default.
    pub max_body_bytes: usize,
    /// `WEBSITE_AUTH_ENABLED`: the host then believes the principal header.
    pub trusts_principal: bool,
}

/// Why an app folder cannot be served: every fault found, one sentence each, naming the file and the remedy.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct AppError(pub Vec<String>);

impl App {
    /// The path of a route, with the app's prefix.
    pub(crate) fn path_of(&self, route: &str) -> String {
        let parts = [self.host.route_prefix.as_str(), route.trim_matches('/')];
        parts.into_iter().filter(|part| !part.is_empty()).flat_map(|part| ["/", part]).collect()
    }

    /// Reads host.json and the function folders directly under `root`. `settings` override the environment of this
    /// process.
    ///
    /// # Errors
    /// When host.json or a function.json is missing, or the real host would not accept it; all errors are reported.
    pub fn load(root: &Path, settings: &[(String, String)]) -> Result<Self, AppError> {
        let settings = Settings::with_environment(settings);
        let host_json = root.join("host.json");
        if !host_json.is_file() {
            let fault = format!("{} is missing; name the folder that holds host.json", host_json.display());
            return Err(AppError(vec![fault]));
        }
        let found = functions_lint::App::read(root, settings.clone(), None);
        let (refused, warned): (Vec<_>, Vec<_>) =
            diagnose(&found).into_iter().partition(|one| one.level == Level::Fail);
        if !refused.is_empty() {
            return Err(AppError(refused.iter().map(ToString::to_string).collect()));
        }
        let json = found.host.as_ref().map_err(|fault| AppError(vec![fault.clone()]))?;
        let file = Section::root(json);
        let host = host_json::of(root, &file, &settings).map_err(|fault| AppError(vec![fault]))?;
        let all = function_json::all(&found, &file).map_err(AppError)?;
        let (disabled, functions) = all.into_iter().partition(|function| settings.disables(&function.name));
        Ok(Self {
            root: root.to_owned(),
            host,
            functions,
            disabled,
            warnings: warned.iter().map(ToString::to_string).collect(),
            hides_home_page: settings
                .get("AzureWebJobsDisableHomepage")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            in_core_tools: settings.get("FUNCTIONS_CORETOOLS_ENVIRONMENT").is_some(),
            max_body_bytes: max_body_bytes(&settings).map_err(|fault| AppError(vec![fault]))?,
            trusts_principal: settings.is_true("WEBSITE_AUTH_ENABLED"),
        })
    }
}

impl App {
    /// Every queue that a binding names, with its connection, those of triggers first.
    pub fn queue_bindings(&self) -> impl Iterator<Item = (&str, &Connection)> {
        let triggers = self.functions.iter().filter_map(|function| match &function.trigger.kind {
            TriggerKind::Queue { queue, connection } => Some((queue.as_str(), connection)),
            _ => None,
        });
        let outputs = self.functions.iter().flat_map(|function| &function.outputs);
        triggers.chain(outputs.filter_map(|output| match &output.kind {
            OutputKind::Queue { queue, connection } => Some((queue.as_str(), connection)),
            OutputKind::Http | OutputKind::Other { .. } => None,
        }))
    }
}

fn max_body_bytes(settings: &Settings) -> Result<usize, String> {
    const SETTING: &str = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";
    let Some(text) = settings.get(SETTING).filter(|text| !text.is_empty()) else {
        return Ok(100 * 1024 * 1024);
    };
    text.parse().map_err(|_| format!("{SETTING} is {text:?}; write a number of bytes"))
}

impl App {
    /// Notes for the app's author at the start: values with an unexpected meaning, and features that the emulator
    /// lacks.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = self.warnings.clone();
        for function in &self.functions {
            let name = &function.name;
            if let TriggerKind::Other { kind } = &function.trigger.kind {
                notes.push(format!(
                    "{name}: this host listens to no {kind}, so it is left out of what starts by itself; run it by hand \
                     in the console, or with POST /admin/functions/{name} and {{\"input\": …}}"
                ));
            }
            notes.extend(function.inputs.iter().map(|input| {
                format!(
                    "{name}: this host reads nothing for the input {} ({}); the worker gets null",
                    input.binding, input.kind
                )
            }));
            notes.extend(function.outputs.iter().filter_map(|output| match &output.kind {
                OutputKind::Other { kind } => Some(format!(
                    "{name}: this host sends nothing to the output {} ({kind}); its value stands among the call's logs",
                    output.binding
                )),
                OutputKind::Http | OutputKind::Queue { .. } => None,
            }));
        }
        notes
    }
}

//! An app folder, read as the host reads it, with whatever is wrong in it left standing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    Program, Settings, SettingsSource, binding,
    configuration::{self, Section, has_values, member},
    json::{self, Document},
    json_file, overrides, profile,
};

/// An app folder as the host reads it.
#[derive(Clone, Debug)]
pub struct App {
    /// The folder.
    pub root: PathBuf,
    /// host.json as written, if it can be read.
    pub file: Option<Document>,
    /// host.json, overrides of the settings and its profile applied; or why it cannot be read. Null is the empty text, as
    /// the host's configuration has it.
    pub host: Result<Value, String>,
    /// The folders directly below the root that contain a function.json, sorted by name.
    pub functions: Vec<FunctionFolder>,
    /// Folders one level deeper that hold a function.json, as paths below the root: the host does not see them.
    pub nested: Vec<String>,
    /// The program that host.json names.
    pub program: Option<Program>,
    /// The app settings, where they are known.
    pub settings: Settings,
    /// The kind of file that the settings come from; `None` when they are environment variables, or unknown.
    pub settings_source: Option<SettingsSource>,
}

/// One function folder.
#[derive(Clone, Debug)]
pub struct FunctionFolder {
    /// Its name, which is the function's.
    pub name: String,
    /// Where it is.
    pub folder: PathBuf,
    /// function.json, or why it cannot be read.
    pub json: Result<Value, String>,
    /// function.json with the places of its values, if it can be read.
    pub document: Option<Document>,
}

impl App {
    /// Reads the folder. If `settings_source` names a file, `settings` are all settings that the app has.
    #[must_use]
    pub fn read(root: &Path, settings: Settings, settings_source: Option<SettingsSource>) -> Self {
        let file = json_file::read_document(&root.join("host.json"), "host.json");
        let host = file.as_ref().map_err(Clone::clone).and_then(|file| {
            let mut host = configuration::normalized(file.value());
            overrides::apply_overrides(&mut host, &settings);
            profile::apply_profile(&mut host).map(|()| host)
        });
        let file = file.ok();
        let functions = folders(root).into_iter().filter_map(|name| FunctionFolder::read(root, name));
        let functions: Vec<_> = functions.collect();
        let nested = nested(root, &functions);
        let program = host.as_ref().ok().and_then(|host| Program::of(root, host, &settings));
        Self { root: root.to_owned(), file, host, functions, nested, program, settings, settings_source }
    }

    /// Whether host.json makes functions of routes, so that there are no folders.
    #[must_use]
    pub fn has_routes(&self) -> bool {
        self.host_has(&["customHandler", "http", "routes"])
    }

    /// A value of host.json, its members found ignoring case as the host does; null counts as absent.
    #[must_use]
    pub fn host(&self, path: &[&str]) -> Option<&Value> {
        member(self.host.as_ref().ok()?, path)
    }

    /// Whether host.json has `true` at this path; an override is text.
    #[must_use]
    pub fn host_flag(&self, path: &[&str]) -> bool {
        match self.host(path) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// Whether the host's configuration has a value at this path; an object or list without a value in it counts as
    /// absent.
    #[must_use]
    pub fn host_has(&self, path: &[&str]) -> bool {
        has_values(self.host(path))
    }

    /// A scalar of host.json as the text that the host makes of it.
    #[must_use]
    pub fn host_text(&self, path: &[&str]) -> Option<String> {
        self.host(path).and_then(json::text)
    }

    /// A value of the section that names the program: `customHandler`, or the older `httpWorker`.
    #[must_use]
    pub fn handler(&self, path: &[&str]) -> Option<&Value> {
        let section = self.program.as_ref().map_or("customHandler", |program| program.section);
        self.host(&[&[section], path].concat())
    }

    /// The texts of a list in the program's description.
    #[must_use]
    pub(crate) fn handler_texts(&self, name: &str) -> Vec<String> {
        let description = self.handler(&["description"]);
        description.map(|value| Section::root(value).texts(name)).unwrap_or_default()
    }

    /// Every binding, with its function's name.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.functions
            .iter()
            .flat_map(|function| function.bindings().map(|binding| (function.name.as_str(), binding)))
    }

    /// The route prefix, without slashes at its ends.
    #[must_use]
    pub fn route_prefix(&self) -> &str {
        let prefix = self.host(&["extensions", "http", "routePrefix"]).and_then(Value::as_str);
        prefix.unwrap_or("api").trim_matches('/')
    }

    /// The route prefix as written.
    #[must_use]
    pub fn raw_route_prefix(&self) -> String {
        let prefix = self.host(&["extensions", "http", "routePrefix"]).and_then(json::text);
        prefix.unwrap_or_else(|| "api".to_owned())
    }
}

impl FunctionFolder {
    fn read(root: &Path, name: String) -> Option<Self> {
        let folder = root.join(&name);
        let file = folder.join("function.json");
        if !file.is_file() {
            return None;
        }
        let document = json_file::read_document(&file, &format!("{name}/function.json"));
        let json = document.as_ref().map(Document::value).map_err(Clone::clone);
        Some(Self { name, folder, json, document: document.ok() })
    }

    /// Its bindings; none when the file cannot be read.
    pub fn bindings(&self) -> impl Iterator<Item = &Value> {
        let list = self.json.as_ref().ok().and_then(|json| json.get("bindings"));
        list.and_then(Value::as_array).into_iter().flatten()
    }

    /// Whether the host passes HTTP requests on unchanged: the function has one trigger `httpTrigger`, one output
    /// `http` and no other binding.
    #[must_use]
    pub fn is_http_only(&self) -> bool {
        let mut kinds: Vec<String> =
            self.bindings().map(|binding| text(binding, "type").to_lowercase()).collect();
        kinds.sort();
        kinds == ["http", "httptrigger"]
    }

    /// Its `httpTrigger`.
    #[must_use]
    pub fn http(&self) -> Option<&Value> {
        self.bindings().find(|binding| is(binding, "httpTrigger"))
    }
}

/// The template that the host maps: the prefix, a slash and the route, the route alone below an empty prefix
/// (`BuildRouteTemplate` in azure-webjobs-sdk-extensions' WebJobsRouteBuilder.cs).
#[must_use]
pub fn route_template(prefix: &str, route: &str) -> String {
    if prefix.is_empty() { route.to_owned() } else { format!("{prefix}/{route}") }
}

/// A text of a binding, its members found as [`binding::get`] finds them; empty when it has none.
#[must_use]
pub(crate) fn text<'a>(binding: &'a Value, name: &str) -> &'a str {
    binding::get(binding, name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a binding is of this type, compared as the host does.
#[must_use]
pub(crate) fn is(binding: &Value, kind: &str) -> bool {
    text(binding, "type").eq_ignore_ascii_case(kind)
}

fn folders(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn nested(root: &Path, functions: &[FunctionFolder]) -> Vec<String> {
    let known = |name: &String| functions.iter().any(|function| function.name == *name);
    let outer = folders(root).into_iter().filter(|name| !known(name) && !name.starts_with('.'));
    outer
        .flat_map(|outer| {
            let inner = folders(&root.join(&outer)).into_iter();
            inner.map(move |inner| format!("{outer}/{inner}")).collect::<Vec<_>>()
        })
        .filter(|path| root.join(path).join("function.json").is_file())
        .collect()
}

//! Files and values as the real host 4.1037 and Core Tools read them: what runs there runs here, what fails there is
//! refused here, and the refusal says where, what to do, and what Azure would do.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod functions;
mod host_json;
mod routes;

use std::fs;

use functions_emulator::app::App;
use tempfile::TempDir;

const HOST: &str =
    r#"{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "worker"}}}"#;
const HTTP: &str = r#"{"bindings": [{"type": "httpTrigger", "name": "req"}, {"type": "http", "direction": "out", "name": "res"}]}"#;

/// A folder of files, each with its path and text.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load(files: &[(&str, &str)], settings: &[(&str, &str)]) -> Result<App, String> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    App::load(folder(&files).path(), &settings).map_err(|error| error.to_string())
}

/// An app with this host.json and one HTTP function.
fn with_host(host: &str) -> Result<App, String> {
    load(&[("host.json", host), ("hello/function.json", HTTP)], &[])
}

/// An app with one function of these bindings.
fn with_bindings(bindings: &str) -> Result<App, String> {
    let json = format!("{{\"bindings\": [{bindings}]}}");
    load(&[("host.json", HOST), ("hello/function.json", &json)], &[])
}

/// An app with HTTP functions whose triggers have these members besides.
fn with_triggers(host: &str, triggers: &[(&str, &str)]) -> Result<App, String> {
    let json = |more: &str| {
        format!(
            "{{\"bindings\": [{{\"type\": \"httpTrigger\", \"name\": \"req\", {more}}}, {{\"type\": \"http\", \"direction\": \"out\", \"name\": \"res\"}}]}}"
        )
    };
    let files: Vec<_> =
        triggers.iter().map(|(name, more)| (format!("{name}/function.json"), json(more))).collect();
    let mut all = vec![("host.json", host)];
    all.extend(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    load(&all, &[])
}

fn prefixed(prefix: &str) -> String {
    HOST.replace(
        "\"version\"",
        &format!("\"extensions\": {{\"http\": {{\"routePrefix\": {prefix}}}}}, \"version\""),
    )
}

fn timer(schedule: &str) -> Result<App, String> {
    with_bindings(&format!(
        "{{\"type\": \"timerTrigger\", \"name\": \"tick\", \"schedule\": \"{schedule}\"}}"
    ))
}

fn names(app: &App) -> Vec<&str> {
    app.functions.iter().map(|function| function.name.as_str()).collect()
}

//! The app settings that `dev` starts the worker with.

use std::{
    collections::BTreeMap, env, ffi::OsString, fs, io::Write as _, os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use functions_emulator::{supervisor::EMULATOR_URL, users::Users};
use functions_lint::{json_file, local_settings::LocalSettings};
use project::{AUTHORITY_SETTING, Project, WORKER_NAME, issuer_settings};
use serde_json::json;

/// The names of the settings that decide whose tokens and headers the worker trusts. Those of local.settings.json are
/// for `cargo xtask func`, which has no EasyAuth; the shell may set others.
const IDENTITY: &str = "ORDERS_IDENTITY";

/// The example of local.settings.json names it with its default. That says nothing of a collector, but any variable of
/// OpenTelemetry keeps the emulator from naming its own.
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// The settings of local.settings.json, then our own; what the shell sets stays as it is there.
pub(super) fn settings(project: &Project, users: &Users) -> anyhow::Result<Vec<(String, String)>> {
    Ok(beside(|name| env::var_os(name), values(&project.root().join("local.settings.json"))?, users))
}

/// As [`settings`], with the variables of the shell passed in.
fn beside(
    shell: impl Fn(&str) -> Option<OsString>,
    mut settings: BTreeMap<String, String>,
    users: &Users,
) -> Vec<(String, String)> {
    settings.remove(IDENTITY);
    if settings.get(SERVICE_NAME).is_some_and(|name| name == WORKER_NAME) {
        settings.remove(SERVICE_NAME);
    }
    settings.extend(issuer_settings(users));
    if shell(IDENTITY).is_some_and(|mode| mode == "easyauth") {
        // The worker refuses the address of an issuer that it would not ask.
        settings.remove(AUTHORITY_SETTING);
    }
    settings.entry("AZURE_FUNCTIONS_ENVIRONMENT".to_owned()).or_insert_with(|| "Development".to_owned());
    settings.into_iter().filter(|(name, _)| shell(name).is_none()).collect()
}

/// Writes the settings of a host at `url` as a local.settings.json, for `orders-worker doctor --settings`. No other
/// user on this machine may read it.
pub(super) fn write_down(path: &Path, settings: &[(String, String)], url: &str) -> anyhow::Result<()> {
    let around = [
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ("WorkQueues", "UseDevelopmentStorage=true"),
        ("FUNCTIONS_WORKER_RUNTIME", "custom"),
    ];
    let mut values: BTreeMap<&str, String> = around.map(|(name, value)| (name, value.to_owned())).into();
    values.extend(settings.iter().map(|(name, value)| (name.as_str(), value.replace(EMULATOR_URL, url))));
    let text = json!({"IsEncrypted": false, "Values": values}).to_string();
    let mut file = fs::OpenOptions::new();
    file.write(true).create(true).truncate(true).mode(0o600);
    let written = file.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn values(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let shown = path.display().to_string();
    let document = json_file::read_document(path, &shown).map_err(anyhow::Error::msg)?;
    let local = LocalSettings::parse(&document).map_err(|what| anyhow::anyhow!("{shown}: {what}"))?;
    Ok(local.values.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_settings_can_be_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let authority = ("ORDERS_ENTRA_AUTHORITY".to_owned(), format!("{EMULATOR_URL}/issuer"));
        write_down(&path, &[authority], "http://localhost:1").unwrap();
        let values = values(&path).unwrap();
        assert_eq!(values["ORDERS_ENTRA_AUTHORITY"], "http://localhost:1/issuer");
        assert_eq!(values["FUNCTIONS_WORKER_RUNTIME"], "custom");
    }

    #[test]
    fn local_settings_values_are_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.settings.json");
        assert!(values(&path).unwrap().is_empty(), "the file may be absent");
        fs::write(&path, r#"{"IsEncrypted": false, "Values": {"ORDERS_LOG": "debug"}}"#).unwrap();
        assert_eq!(values(&path).unwrap()["ORDERS_LOG"], "debug");
        fs::write(&path, "{\n // mine\n IsEncrypted: false, Values: {ORDERS_LOG: 'info',},\n}").unwrap();
        assert_eq!(values(&path).unwrap()["ORDERS_LOG"], "info");
        fs::write(&path, r#"{"Values": {"ORDERS_LOG": 1}}"#).unwrap();
        assert!(values(&path).unwrap_err().to_string().contains("local.settings.json"));
    }

    #[test]
    fn the_examples_service_name_leaves_traces_to_the_console() {
        let users = Users::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions-emulator.json"))
            .unwrap();
        let example =
            values(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../local.settings.json.example"));
        let mut file = example.unwrap();
        assert!(file.contains_key(SERVICE_NAME));
        let has = |file: &BTreeMap<_, _>| {
            beside(|_| None, file.clone(), &users).iter().any(|(name, _)| name.starts_with("OTEL_"))
        };
        assert!(!has(&file));
        file.insert(SERVICE_NAME.to_owned(), "mine".to_owned());
        assert!(has(&file), "a name of one's own is kept");
    }

    #[test]
    fn the_worker_gets_only_the_settings_of_its_mode() {
        let users = Users::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions-emulator.json"))
            .unwrap();
        for (mode, asks_an_issuer) in
            [(None, true), (Some("easyauth+jwt"), true), (Some("jwt"), true), (Some("easyauth"), false)]
        {
            let file = BTreeMap::from([(IDENTITY.to_owned(), "of the file".to_owned())]);
            let shell = |name: &str| mode.filter(|_| name == IDENTITY).map(OsString::from);
            let settings: BTreeMap<_, _> = beside(shell, file, &users).into_iter().collect();
            assert_eq!(settings.contains_key(AUTHORITY_SETTING), asks_an_issuer, "{mode:?}");
            assert!(!settings.contains_key(IDENTITY), "{mode:?}: the shell's own counts");
            assert_eq!(settings["ORDERS_ENTRA_AUDIENCE"], users.audience(), "{mode:?}");
            assert_eq!(settings["AZURE_FUNCTIONS_ENVIRONMENT"], "Development", "{mode:?}");
        }
    }
}

//! An app folder with nothing wrong in it, to be broken.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use functions_lint::{App, Finding, Level, Settings, SettingsSource, check};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The short form of the storage emulator's connection string.
pub(crate) const EMULATOR: &str = "UseDevelopmentStorage=true";

/// An app folder with nothing wrong in it, to be broken.
pub(crate) struct Folder {
    place: TempDir,
    host: Value,
    settings: Vec<(String, String)>,
    written: Option<SettingsSource>,
}

/// The head of a program for 64-bit Linux on this machine number, without program headers.
pub(crate) fn elf(machine: u8) -> Vec<u8> {
    let mut head = vec![0_u8; 64];
    head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    head[18] = machine;
    head
}

impl Folder {
    pub(crate) fn sound() -> Self {
        let host = json!({
            "version": "2.0",
            "customHandler": {
                "description": { "defaultExecutablePath": "worker" },
                "enableProxyingHttpRequest": true, "enableForwardingHttpRequest": true,
            },
            "extensionBundle": { "id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)" },
            "extensions": { "queues": { "messageEncoding": "base64" } },
        });
        let settings =
            [("FUNCTIONS_WORKER_RUNTIME", "custom"), ("AzureWebJobsStorage", "canary-of-a-secret")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let place = tempfile::tempdir().expect("a folder of its own");
        let app = Self { place, host, settings, written: Some(SettingsSource::LocalSettings) };
        app.program(&elf(62), 0o755)
            .function("Call", &[http_trigger("calls/{id}"), http_output()])
            .function("Take", &[queue_trigger()])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn program(self, bytes: &[u8], mode: u32) -> Self {
        fs::write(self.path("worker"), bytes).expect("a folder of its own");
        fs::set_permissions(self.path("worker"), fs::Permissions::from_mode(mode))
            .expect("a folder of its own");
        self
    }

    pub(crate) fn function(self, name: &str, bindings: &[Value]) -> Self {
        fs::create_dir_all(self.path(name)).expect("a folder of its own");
        self.file(&format!("{name}/function.json"), &json!({ "bindings": bindings }).to_string())
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).expect("a folder of its own");
        self
    }

    pub(crate) fn without(self, name: &str) -> Self {
        fs::remove_dir_all(self.path(name)).expect("a folder of its own");
        self
    }

    /// Changes host.json at a pointer whose parent is there.
    pub(crate) fn host(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a folder of its own");
        self.host.pointer_mut(parent).expect("a folder of its own")[name] = value;
        self
    }

    /// Takes a member out of host.json.
    pub(crate) fn gone(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a folder of its own");
        let parent = self.host.pointer_mut(parent).and_then(Value::as_object_mut);
        parent.expect("a folder of its own").remove(name);
        self
    }

    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self
    }

    /// The settings are those of an app in Azure.
    pub(crate) fn in_azure(self) -> Self {
        Self { written: Some(SettingsSource::Azure), ..self }
    }

    /// Nothing is known of the settings.
    pub(crate) fn without_settings(self) -> Self {
        Self { written: None, settings: Vec::new(), ..self }
    }

    /// A file below the app folder with these bytes and this mode.
    pub(crate) fn bytes(self, name: &str, bytes: &[u8], mode: u32) -> Self {
        let file = self.path(name);
        fs::create_dir_all(file.parent().expect("it is below the folder")).expect("a folder of its own");
        fs::write(&file, bytes).expect("a folder of its own");
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("a folder of its own");
        self
    }

    /// Another program in host.json.
    pub(crate) fn names(self, program: &str) -> Self {
        self.host("/customHandler/description/defaultExecutablePath", program.into())
    }

    pub(crate) fn findings(self) -> Vec<Finding> {
        let app = if self.path("host.json").exists() {
            self
        } else {
            let host = self.host.to_string();
            self.file("host.json", &host)
        };
        let settings = Settings::without_environment(app.settings.clone());
        check(&App::read(app.place.path(), settings, app.written))
    }

    /// What is said of it with this rule, a pass left out.
    pub(crate) fn told(self, rule: &str) -> Vec<Told> {
        let findings = self.findings().into_iter();
        findings.filter(|finding| finding.rule == rule && finding.level != Level::Pass).map(Told).collect()
    }

    /// The rules that it breaks.
    pub(crate) fn breaks(self) -> BTreeSet<(&'static str, Level)> {
        let broken = self.findings().into_iter().filter(|finding| finding.level != Level::Pass);
        broken.map(|finding| (finding.rule, finding.level)).collect()
    }
}

pub(crate) fn http_trigger(route: &str) -> Value {
    json!({"type": "httpTrigger", "direction": "in", "name": "req", "route": route})
}

pub(crate) fn http_output() -> Value {
    json!({"type": "http", "direction": "out", "name": "res"})
}

pub(crate) fn queue_trigger() -> Value {
    json!({"type": "queueTrigger", "direction": "in", "name": "job", "queueName": "jobs", "dataType": "binary",
           "connection": "AzureWebJobsStorage"})
}

/// One finding.
#[derive(Debug)]
pub(crate) struct Told(Finding);

impl Told {
    pub(crate) fn is(&self, level: Level, words: &[&str]) -> bool {
        let remedy = self.0.remedy.as_deref().unwrap_or_default();
        let text = format!("{}: {}; {remedy}", self.0.subject, self.0.why);
        self.0.level == level && words.iter().all(|word| text.contains(word))
    }
}

/// Holds that one thing is said with a rule, at this level and with these words in it.
pub(crate) fn told_once(app: Folder, rule: &str, level: Level, words: &[&str]) {
    let told = app.told(rule);
    assert!(matches!(told.as_slice(), [one] if one.is(level, words)), "{rule} {level} {words:?}: {told:#?}");
}

/// Holds that nothing is said with a rule.
pub(crate) fn untold(app: Folder, rule: &str) {
    let told = app.told(rule);
    assert!(told.is_empty(), "{told:#?}");
}

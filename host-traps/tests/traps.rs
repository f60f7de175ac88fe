//! Every rule passes on a sound app and finds the app that is broken for it.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use host_traps::{App, Finding, Level, Report, Settings, SettingsFile, SettingsFileError, Written, check};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An app folder with nothing wrong in it, to be broken.
struct Folder {
    place: TempDir,
    host: Value,
    settings: Vec<(String, String)>,
}

/// The head of a program for 64-bit Linux on this machine number, without program headers.
fn elf(machine: u8) -> Vec<u8> {
    let mut head = vec![0_u8; 64];
    head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    head[18] = machine;
    head
}

impl Folder {
    fn sound() -> Self {
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
        let app = Self { place: tempfile::tempdir().expect("a folder of its own"), host, settings };
        app.program(&elf(62), 0o755)
            .function("Call", &[http_trigger("calls/{id}"), http_output()])
            .function("Take", &[queue_trigger()])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn program(self, bytes: &[u8], mode: u32) -> Self {
        fs::write(self.path("worker"), bytes).expect("a folder of its own");
        fs::set_permissions(self.path("worker"), fs::Permissions::from_mode(mode))
            .expect("a folder of its own");
        self
    }

    fn function(self, name: &str, bindings: &[Value]) -> Self {
        fs::create_dir_all(self.path(name)).expect("a folder of its own");
        self.file(&format!("{name}/function.json"), &json!({ "bindings": bindings }).to_string())
    }

    fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).expect("a folder of its own");
        self
    }

    fn without(self, name: &str) -> Self {
        fs::remove_dir_all(self.path(name)).expect("a folder of its own");
        self
    }

    /// Changes host.json at a pointer whose parent is there.
    fn host(mut self, pointer: &str, value: Value) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a folder of its own");
        self.host.pointer_mut(parent).expect("a folder of its own")[name] = value;
        self
    }

    fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self
    }

    fn findings(self) -> Vec<Finding> {
        let app = if self.path("host.json").exists() {
            self
        } else {
            let host = self.host.to_string();
            self.file("host.json", &host)
        };
        let settings = Settings::only(app.settings.clone());
        check(&App::read(app.place.path(), settings, Some(Written::Here)))
    }

    /// The rules that it breaks.
    fn breaks(self) -> BTreeSet<(&'static str, Level)> {
        let broken = self.findings().into_iter().filter(|finding| finding.level != Level::Pass);
        broken.map(|finding| (finding.rule, finding.level)).collect()
    }
}

fn http_trigger(route: &str) -> Value {
    json!({"type": "httpTrigger", "direction": "in", "name": "req", "route": route})
}

fn http_output() -> Value {
    json!({"type": "http", "direction": "out", "name": "res"})
}

fn queue_trigger() -> Value {
    json!({"type": "queueTrigger", "direction": "in", "name": "job", "queueName": "jobs", "dataType": "binary",
           "connection": "AzureWebJobsStorage"})
}

/// The broken apps, with the one rule that each of them breaks.
fn broken() -> Vec<(&'static str, Level, Folder)> {
    seen_in_the_folder().into_iter().chain(refused_at_the_start()).collect()
}

/// What only a look at the folder tells.
fn seen_in_the_folder() -> Vec<(&'static str, Level, Folder)> {
    let sound = Folder::sound;
    let (fail, warn) = (Level::Fail, Level::Warn);
    let description = "/customHandler/description";
    let at = |name: &str| format!("{description}/{name}");
    let mut wrong_case = http_output();
    wrong_case["type"] = "Http".into();
    let mut text = queue_trigger();
    text["dataType"] = Value::Null;
    let mut elsewhere = queue_trigger();
    elsewhere["connection"] = "OtherStorage".into();
    let mut named = queue_trigger();
    named["queueName"] = "%Queue%".into();
    let with_loader = {
        let mut head = elf(62);
        head[32] = 64;
        head[54] = 56;
        head[56] = 1;
        head.extend([3, 0, 0, 0]);
        head
    };
    vec![
        ("host-json", fail, sound().file("host.json", "{").function("X", &[queue_trigger()])),
        ("host-json", fail, sound().host("/version", "1.0".into())),
        ("custom-handler", fail, sound().host(description, json!({}))),
        ("argument-with-blank", fail, sound().host(&at("arguments"), json!(["--name", "a b"]))),
        ("http-entrance", warn, sound().host("/customHandler/enableForwardingHttpRequest", false.into())),
        (
            "http-entrance",
            warn,
            sound().setting("AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest", "false"),
        ),
        ("function-timeout", warn, sound().host("/functionTimeout", "-1".into())),
        ("extension-bundle", fail, sound().host("/extensionBundle", Value::Null)),
        ("extension-bundle", warn, sound().host("/extensionBundle/version", "[3.*, 4.0.0)".into())),
        ("queue-encoding", warn, sound().host("/extensions/queues", json!({}))),
        ("executable-found", fail, sound().host(&at("defaultExecutablePath"), "bin/worker".into())),
        ("executable-found", warn, sound().host(&at("defaultExecutablePath"), "node".into())),
        ("executable-path-form", fail, sound().host(&at("defaultExecutablePath"), "./worker".into())),
        ("executable-mode", fail, sound().program(&elf(62), 0o644)),
        ("executable-architecture", fail, sound().program(b"nonsense", 0o755)),
        ("executable-architecture", warn, sound().program(b"#!/bin/sh\n", 0o755)),
        ("executable-architecture", warn, sound().program(b"MZ\x90", 0o755)),
        ("executable-architecture", warn, sound().program(&with_loader, 0o755)),
        ("function-folders", warn, sound().function("functions/Deep", &[queue_trigger()])),
        ("function-folders", fail, sound().without("Call").without("Take")),
        (
            "function-folders",
            fail,
            sound().host("/customHandler/http", json!({"routes": [{"route": "{*rest}"}]})),
        ),
        ("host-json", fail, sound().host("/configurationProfile", "no-such".into())),
        ("function-json", fail, sound().function("Broken", &[]).file("Broken/function.json", "[]")),
        ("function-json", fail, sound().function("2nd", &[queue_trigger()])),
        (
            "one-trigger",
            fail,
            sound().function(
                "Two",
                &[queue_trigger(), json!({"type": "timerTrigger", "name": "t", "schedule": "00:05:00"})],
            ),
        ),
        (
            "binding-names",
            fail,
            sound().function(
                "Same",
                &[
                    queue_trigger(),
                    json!({"type": "queue", "name": "JOB", "queueName": "jobs", "direction": "out"}),
                ],
            ),
        ),
        ("http-output", warn, sound().function("Mute", &[http_trigger("mute")])),
        ("http-output", fail, sound().function("Loud", &[http_trigger("loud"), wrong_case])),
        (
            "return-output",
            warn,
            sound().function(
                "Back",
                &[
                    http_trigger("back"),
                    json!({"type": "http", "direction": "out", "name": "$return"}),
                    json!({"type": "queue", "direction": "out", "name": "q", "queueName": "jobs"}),
                ],
            ),
        ),
        ("queue-payload", warn, sound().function("Text", &[text])),
        ("script-file", warn, sound().file("Call/index.js", "")),
        (
            "worker-runtime",
            fail,
            sound().unset("FUNCTIONS_WORKER_RUNTIME").setting("FUNCTIONS_WORKER_RUNTIME", "node"),
        ),
        ("worker-runtime", warn, sound().unset("FUNCTIONS_WORKER_RUNTIME")),
        ("host-storage", fail, sound().unset("AzureWebJobsStorage")),
        ("binding-connections", fail, sound().function("Other", &[elsewhere])),
        ("settings-in-bindings", fail, sound().function("Named", &[named])),
        ("set-by-hand", fail, sound().setting("WEBSITE_AUTH_ENABLED", "True")),
        ("settings-alike", warn, sound().setting("functions_worker_runtime", "custom")),
    ]
}

/// What the emulator refuses or warns of at its start.
fn refused_at_the_start() -> Vec<(&'static str, Level, Folder)> {
    let sound = Folder::sound;
    let (fail, warn) = (Level::Fail, Level::Warn);
    let timer = |schedule: &str| json!({"type": "timerTrigger", "name": "tick", "schedule": schedule});
    let changed = |mut binding: Value, name: &str, value: Value| {
        binding[name] = value;
        binding
    };
    let http = |name: &str, value: Value| [changed(http_trigger("x/{id}"), name, value), http_output()];
    let policy = json!({"bindings": [timer("00:05:00")], "retry": {"strategy": "fixedDelay"}});
    let disabled = json!({"bindings": [timer("00:05:00")], "disabled": true});
    vec![
        ("host-json-value", fail, sound().host("/extensions/queues/batchSize", 33.into())),
        ("host-json-value", fail, sound().host("/customHandler/initializationTimeout", Value::Null)),
        ("host-json-value", fail, sound().host("/functionTimeout", 300.into())),
        ("time-span-unit", warn, sound().host("/extensions/queues/maxPollingInterval", 5000.into())),
        ("time-span-unit", warn, sound().host("/functionTimeout", "5".into())),
        ("time-span-unit", warn, sound().function("Tick", &[timer("24:00:00")])),
        ("binding-value", fail, sound().function("Level", &http("authLevel", "guest".into()))),
        ("binding-value", fail, sound().function("Text", &http("methods", "get".into()))),
        ("reserved-route", fail, sound().function("People", &http("route", "/Administrators".into()))),
        ("route-conflict", fail, sound().function("Other", &http("route", "Calls/{id}/".into()))),
        ("route-template", fail, sound().function("Slash", &http("route", "/x".into()))),
        ("route-template", fail, sound().function("Query", &http("route", "x?y={y}".into()))),
        ("reserved-prefix", warn, sound().host("/extensions/http", json!({"routePrefix": "Admin"}))),
        ("schedule", fail, sound().function("Tick", &[timer("0 0 9 * * 7")])),
        ("schedule-meaning", warn, sound().function("Tick", &[timer("0 0 22-6 * * *")])),
        (
            "queue-name",
            fail,
            sound().function("Bad", &[changed(queue_trigger(), "queueName", "new_jobs".into())]),
        ),
        ("methods", warn, sound().function("None", &http("methods", json!([])))),
        (
            "disabled-member",
            warn,
            sound().function("Off", &[]).file("Off/function.json", &disabled.to_string()),
        ),
        (
            "retry-policy",
            fail,
            sound().function("Again", &[]).file("Again/function.json", &policy.to_string()),
        ),
    ]
}

#[test]
fn a_sound_app_passes_every_rule_once() {
    let findings = Folder::sound().findings();
    assert!(
        findings.iter().all(|finding| finding.level == Level::Pass && finding.remedy.is_none()),
        "{findings:#?}"
    );
    let rules: BTreeSet<_> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules.len(), findings.len());
}

#[test]
fn a_broken_app_breaks_the_rule_that_it_was_broken_for_and_no_other() {
    for (rule, level, app) in broken() {
        assert_eq!(app.breaks(), BTreeSet::from([(rule, level)]), "{rule}");
    }
}

#[test]
fn installed_extensions_need_no_bundle() {
    let app = Folder::sound().host("/extensionBundle", Value::Null);
    fs::create_dir_all(app.path("bin")).expect("a folder of its own");
    assert_eq!(app.file("bin/extensions.json", "{}").breaks(), BTreeSet::new());
}

#[test]
fn every_rule_is_broken_by_some_app() {
    let all: BTreeSet<_> = Folder::sound().findings().into_iter().map(|finding| finding.rule).collect();
    let mut seen: BTreeSet<_> = broken().into_iter().map(|(rule, ..)| rule).collect();
    seen.extend(routes().map(|(rule, _)| rule));
    assert_eq!(all, seen);
}

fn routes() -> [(&'static str, Folder); 2] {
    let no_prefix = || Folder::sound().host("/extensions/http", json!({"routePrefix": ""}));
    let catch_all = no_prefix().function("All", &[http_trigger("{*rest}"), http_output()]);
    [("route-prefix", no_prefix()), ("envelope-reachable", catch_all)]
}

#[test]
fn a_route_that_leads_to_an_envelope_is_found_without_a_prefix_alone() {
    for (rule, app) in routes() {
        assert!(app.breaks().iter().any(|(broken, _)| *broken == rule), "{rule}");
    }
    let behind = Folder::sound().function("All", &[http_trigger("{*rest}"), http_output()]);
    assert_eq!(behind.breaks(), BTreeSet::new());
}

#[test]
fn a_report_counts_and_says_what_to_do_and_no_value() {
    let report = Report::from(
        Folder::sound().program(&elf(62), 0o644).setting("WEBSITE_AUTH_ENABLED", "canary").findings(),
    );
    assert_eq!(report.level, Level::Fail);
    let (text, json) = (report.to_string(), report.json());
    assert!(text.contains("chmod 755") && text.ends_with("2 fail"), "{text}");
    assert!(!text.contains("canary") && !json.contains("canary"), "{text}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let failed: Vec<_> =
        json["findings"].as_array().unwrap().iter().filter(|one| one["level"] == "fail").collect();
    assert_eq!(failed[0]["rule"], "executable-mode");
    assert!(failed[0]["do"].as_str().unwrap().contains("chmod"), "{json}");
}

#[test]
fn settings_are_read_in_both_forms() {
    let app = Folder::sound()
        .file(
            "azure.json",
            r#"[{"name": "A", "slotSetting": false, "value": "1"}, {"name": "B", "value": null}]"#,
        )
        .file("local.json", r#"{"IsEncrypted": false, "Values": {"A": "1", "C": true}}"#)
        .file("secret.json", r#"{"IsEncrypted": true, "Values": {"A": "x"}}"#)
        .file("none.json", r#"{"A": "1"}"#);
    let read = |name: &str| SettingsFile::read(&app.path(name));
    let azure = read("azure.json").unwrap();
    assert_eq!((azure.written, azure.settings), (Written::InAzure, vec![("A".to_owned(), "1".to_owned())]));
    let local = read("local.json").unwrap();
    assert_eq!((local.written, local.settings.len()), (Written::Here, 2));
    assert!(matches!(read("secret.json"), Err(SettingsFileError::Refused(_))));
    assert!(matches!(read("none.json"), Err(SettingsFileError::Form)));
    assert!(matches!(read("missing.json"), Err(SettingsFileError::Unreadable(_))));
}

#[test]
fn functions_that_routes_make_need_no_folders() {
    for app in [
        Folder::sound().host("/customHandler/http", json!({"routes": [{"route": "{*rest}"}]})),
        Folder::sound().host("/configurationProfile", "mcp-custom-handler".into()),
    ] {
        assert_eq!(app.without("Call").without("Take").breaks(), BTreeSet::new());
    }
}

//! Every rule passes on a sound app and finds the app that is broken for it.

use std::{collections::BTreeSet, fs};

use functions_lint::{Level, Report, SettingsFile, SettingsFileError, SettingsSource};
use serde_json::{Value, json};

use crate::folder::{EMULATOR, Folder, elf, http_output, http_trigger, queue_trigger};

/// An app, with the one rule that it breaks.
type Broken = (&'static str, Level, Folder);

/// The broken apps, for every rule but those about routes.
fn broken() -> Vec<Broken> {
    [in_host_json(), in_functions(), in_settings(), refused_at_the_start()].into_iter().flatten().collect()
}

fn in_host_json() -> Vec<Broken> {
    let sound = Folder::sound;
    let (fail, warn) = (Level::Fail, Level::Warn);
    let description = "/customHandler/description";
    let at = |name: &str| format!("{description}/{name}");
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
        ("argument-with-blank", warn, sound().host(&at("arguments"), json!(["--name", "a b"]))),
        ("http-entrance", warn, sound().host("/customHandler/enableForwardingHttpRequest", false.into())),
        (
            "http-entrance",
            warn,
            sound().setting("AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest", "false"),
        ),
        ("function-timeout", warn, sound().host("/functionTimeout", "-1".into())),
        ("extension-bundle", fail, sound().gone("/extensionBundle")),
        ("extension-bundle", warn, sound().host("/extensionBundle/version", "[3.*, 4.0.0)".into())),
        ("queue-encoding", warn, sound().host("/extensions/queues", json!({}))),
        ("executable-found", fail, sound().host(&at("defaultExecutablePath"), "bin/worker".into())),
        ("executable-found", warn, sound().host(&at("defaultExecutablePath"), "node".into())),
        ("executable-path-form", warn, sound().host(&at("defaultExecutablePath"), "./worker".into())),
        ("working-directory", fail, sound().host(&at("workingDirectory"), "data".into())),
        ("host-json-members", warn, sound().host(&at("enableForwardingHttpRequest"), true.into())),
        ("executable-mode", fail, sound().program(&elf(62), 0o644)),
        ("executable-architecture", fail, sound().program(b"nonsense", 0o755)),
        ("executable-architecture", warn, sound().program(b"#!/bin/sh\n", 0o755)),
        ("executable-architecture", warn, sound().program(b"MZ\x90", 0o755)),
        ("executable-architecture", warn, sound().program(&with_loader, 0o755)),
        ("host-json", fail, sound().host("/configurationProfile", "no-such".into())),
    ]
}

fn in_functions() -> Vec<Broken> {
    let sound = Folder::sound;
    let (fail, warn) = (Level::Fail, Level::Warn);
    let mut wrong_case = http_output();
    wrong_case["type"] = "Http".into();
    let mut text = queue_trigger();
    text["dataType"] = Value::Null;
    vec![
        ("function-folders", warn, sound().function("functions/Deep", &[queue_trigger()])),
        ("function-folders", fail, sound().without("Call").without("Take")),
        (
            "function-folders",
            fail,
            sound().host("/customHandler/http", json!({"routes": [{"route": "{*rest}"}]})),
        ),
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
        (
            "script-file",
            fail,
            sound().function("Lost", &[queue_trigger()]).file(
                "Lost/function.json",
                &json!({"scriptFile": "lost.js", "bindings": [queue_trigger()]}).to_string(),
            ),
        ),
        ("route-overlap", warn, sound().function("Bulk", &[http_trigger("{any}/{more}"), http_output()])),
    ]
}

fn in_settings() -> Vec<Broken> {
    let sound = Folder::sound;
    let (fail, warn) = (Level::Fail, Level::Warn);
    let mut elsewhere = queue_trigger();
    elsewhere["connection"] = "OtherStorage".into();
    let mut named = queue_trigger();
    named["queueName"] = "%Queue%".into();
    vec![
        (
            "worker-runtime",
            fail,
            sound().unset("FUNCTIONS_WORKER_RUNTIME").setting("FUNCTIONS_WORKER_RUNTIME", "node"),
        ),
        ("worker-runtime", warn, sound().unset("FUNCTIONS_WORKER_RUNTIME")),
        ("host-storage", fail, sound().unset("AzureWebJobsStorage")),
        ("binding-connections", fail, sound().function("Other", std::slice::from_ref(&elsewhere))),
        (
            "binding-connections",
            fail,
            sound().function("Other", &[elsewhere]).setting("OtherStorage__credential", "managedidentity"),
        ),
        ("settings-in-bindings", fail, sound().function("Named", &[named])),
        ("set-by-hand", fail, sound().setting("WEBSITE_AUTH_ENABLED", "True")),
        ("settings-alike", warn, sound().setting("functions_worker_runtime", "custom")),
        ("host-json-overrides", warn, sound().setting("AzureFunctionsJobHost__http__routePrefix", "v1")),
        ("extension-version", warn, sound().setting("FUNCTIONS_EXTENSION_VERSION", "~3")),
        (
            "emulator-in-azure",
            fail,
            sound().in_azure().unset("AzureWebJobsStorage").setting("AzureWebJobsStorage", EMULATOR),
        ),
        (
            "development-in-azure",
            warn,
            sound().in_azure().setting("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ),
    ]
}

/// What the emulator refuses or warns of at its start.
fn refused_at_the_start() -> Vec<Broken> {
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
fn a_queue_connection_may_be_given_in_each_form() {
    let mut elsewhere = queue_trigger();
    elsewhere["connection"] = "WorkQueues".into();
    for name in [
        "WorkQueues",
        "AzureWebJobsWorkQueues",
        "WorkQueues__accountName",
        "WorkQueues__queueServiceUri",
        "AzureWebJobsWorkQueues__queueServiceUri",
    ] {
        let app =
            Folder::sound().function("Other", std::slice::from_ref(&elsewhere)).setting(name, "somewhere");
        assert_eq!(app.breaks(), BTreeSet::new(), "{name}");
    }
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
    assert!(rules.len() > 20, "{rules:?}");
}

#[test]
fn a_broken_app_breaks_exactly_its_rule() {
    for (rule, level, app) in broken() {
        assert_eq!(app.breaks(), BTreeSet::from([(rule, level)]), "{rule}");
    }
}

#[test]
fn installed_extensions_need_no_bundle() {
    let app = Folder::sound().gone("/extensionBundle");
    fs::create_dir_all(app.path("bin")).expect("a folder of its own");
    let app = app.file("bin/extensions.json", "{}").file("bin/Extension.DLL", "");
    assert_eq!(app.breaks(), BTreeSet::new());
}

#[test]
fn every_rule_is_broken_by_some_app() {
    let all: BTreeSet<_> = functions_lint::rule_names().into_iter().collect();
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
fn a_route_to_an_envelope_is_found_without_a_prefix() {
    for (rule, app) in routes() {
        assert!(app.breaks().iter().any(|(broken, _)| *broken == rule), "{rule}");
    }
    let behind = Folder::sound().function("Rest", &[http_trigger("{*rest}"), http_output()]);
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
    assert_eq!(
        (azure.source, azure.settings),
        (SettingsSource::Azure, vec![("A".to_owned(), "1".to_owned())])
    );
    let local = read("local.json").unwrap();
    assert_eq!((local.source, local.settings.len()), (SettingsSource::LocalSettings, 2));
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

#[test]
fn the_readme_lists_every_rule() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("a README");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let listed: BTreeSet<_> = rows.map(|(rule, _)| rule.to_owned()).collect();
    let rules: BTreeSet<_> = functions_lint::rule_names().into_iter().map(str::to_owned).collect();
    assert_eq!(listed, rules);
}

#[test]
fn every_finding_links_to_an_issue_or_document() {
    for (rule, _, app) in broken() {
        for finding in app.findings() {
            let links = finding.source.split("; ").filter(|link| link.starts_with("https://"));
            assert_eq!(links.count(), finding.source.split("; ").count(), "{rule}: {}", finding.source);
        }
    }
}

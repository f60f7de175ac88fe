//! App settings: what is right on a developer's machine and wrong in Azure, and the other way round.

use functions_lint::Level::{Fail, Warn};
use serde_json::json;

use crate::folder::{EMULATOR, Folder, http_output, http_trigger, queue_trigger, told_once, untold};

#[test]
fn another_runtime_is_right_where_the_flag_for_it_is_on() {
    let with = |runtime: &str, flags: &str| {
        Folder::sound()
            .unset("FUNCTIONS_WORKER_RUNTIME")
            .setting("FUNCTIONS_WORKER_RUNTIME", runtime)
            .setting("AzureWebJobsFeatureFlags", flags)
    };
    for flags in ["EnableMcpCustomHandlerPreview", "Other, enablemcpcustomhandlerpreview"] {
        untold(with("python", flags), "worker-runtime");
        untold(with("dotnet-isolated", flags).in_azure(), "worker-runtime");
    }
    told_once(with("python", "EnableWorkerIndexing"), "worker-runtime", Fail, &["custom"]);
    untold(with("Custom", ""), "worker-runtime");
}

/// One HTTP function, and this one beside it.
fn with_trigger(kind: &str) -> Folder {
    let app = Folder::sound().without("Take").unset("AzureWebJobsStorage");
    app.function("More", &[json!({"type": kind, "name": "in"})])
}

#[test]
fn what_runs_without_storage_needs_none_on_this_machine() {
    for kind in ["httpTrigger", "kafkaTrigger", "RabbitMQTrigger", "activityTrigger"] {
        untold(with_trigger(kind), "host-storage");
        told_once(with_trigger(kind).in_azure(), "host-storage", Fail, &["AzureWebJobsStorage"]);
    }
    for kind in ["timerTrigger", "blobTrigger", "serviceBusTrigger"] {
        told_once(with_trigger(kind), "host-storage", Fail, &["AzureWebJobsStorage"]);
    }
    let by_identity = with_trigger("timerTrigger").setting("AzureWebJobsStorage__accountName", "data");
    untold(by_identity, "host-storage");
}

#[test]
fn an_older_host_is_told() {
    let asking = |version: &str| Folder::sound().in_azure().setting("FUNCTIONS_EXTENSION_VERSION", version);
    told_once(asking("~3"), "extension-version", Warn, &["FUNCTIONS_EXTENSION_VERSION", "~4"]);
    told_once(asking("3.1.4"), "extension-version", Warn, &["version 3"]);
    told_once(asking("latest"), "extension-version", Warn, &["FUNCTIONS_EXTENSION_VERSION"]);
    for version in ["~2", "~1"] {
        told_once(asking(version), "extension-version", Fail, &["FUNCTIONS_EXTENSION_VERSION"]);
    }
    for version in ["~4", "4.1037.0", "~5"] {
        untold(asking(version), "extension-version");
    }
}

#[test]
fn the_emulator_is_right_here_and_wrong_in_azure() {
    let at = |name: &str, value: &str| Folder::sound().unset("AzureWebJobsStorage").setting(name, value);
    let by_address = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=canary";
    for value in
        [EMULATOR, "usedevelopmentstorage=TRUE;", by_address, "QueueEndpoint=http://127.0.0.1:10001/x"]
    {
        untold(at("AzureWebJobsStorage", value), "emulator-in-azure");
        let in_azure = at("AzureWebJobsStorage", value).in_azure();
        told_once(in_azure, "emulator-in-azure", Fail, &["AzureWebJobsStorage", "emulator"]);
    }
    let mut elsewhere = queue_trigger();
    elsewhere["connection"] = "Work".into();
    for name in ["Work", "AzureWebJobsWork"] {
        let app = Folder::sound().in_azure().function("Other", &[elsewhere.clone()]).setting(name, EMULATOR);
        told_once(app, "emulator-in-azure", Fail, &[name]);
    }
    let by_uri = at("AzureWebJobsStorage__queueServiceUri", "http://localhost:10001").in_azure();
    told_once(by_uri, "emulator-in-azure", Fail, &["AzureWebJobsStorage__queueServiceUri"]);
    let own = Folder::sound().in_azure().setting("OWN_STORAGE", EMULATOR);
    told_once(own, "emulator-in-azure", Warn, &["OWN_STORAGE"]);
    untold(Folder::sound().in_azure(), "emulator-in-azure");
}

#[test]
fn a_connection_may_be_given_in_every_form_that_the_host_reads() {
    let mut elsewhere = queue_trigger();
    elsewhere["connection"] = "Work:Queue".into();
    let app = || Folder::sound().function("Other", &[elsewhere.clone()]);
    for name in [
        "Work__Queue",
        "Work:Queue:accountName",
        "AzureWebJobsWork__Queue__queueServiceUri",
        "ConnectionStrings:Work:Queue",
    ] {
        untold(app().setting(name, "x"), "binding-connections");
    }
    told_once(app().setting("WorkQueue", "x"), "binding-connections", Fail, &["Work:Queue"]);
}

#[test]
fn members_of_a_binding_are_found_in_any_spelling() {
    let written = serde_json::json!({
        "Type": "QueueTrigger", "Direction": "in", "Name": "message", "QueueName": "work", "Connection": "Elsewhere"
    });
    let app = Folder::sound().function("Other", &[written]);
    told_once(app, "binding-connections", Fail, &["Elsewhere"]);
}

#[test]
fn settings_that_were_not_handed_over_are_not_judged() {
    let app = || Folder::sound().without_settings();
    for rule in ["worker-runtime", "host-storage", "binding-connections", "set-by-hand", "settings-alike"] {
        assert!(app().findings().iter().all(|finding| finding.rule != rule), "{rule}");
    }
    let named = app().function("Named", &[http_trigger("%Route%"), http_output()]);
    told_once(named, "settings-in-bindings", Warn, &["Route"]);
}

//! host.json: members at their places, arguments, bundles, and the older section.

use std::fs;

use functions_lint::Level::{Fail, Warn};
use serde_json::{Value, json};

use crate::folder::{Folder, told_once, untold};

fn with_arguments(arguments: Value) -> Folder {
    Folder::sound().host("/customHandler/description/arguments", arguments)
}

#[test]
fn a_blank_between_quotation_marks_keeps_an_argument_whole() {
    for whole in
        [json!(["\"two words\""]), json!(["--title=\"a b\"", "last"]), json!(["a\\\"b"]), json!(["a'b'"])]
    {
        untold(with_arguments(whole), "argument-with-blank");
    }
    for apart in [
        json!(["--mode release"]),
        json!(["a\tb"]),
        json!(["'a b'"]),
        json!(["\"a b\" c"]),
        json!(["\\\"a b"]),
    ] {
        told_once(with_arguments(apart), "argument-with-blank", Warn, &["several arguments"]);
    }
    told_once(with_arguments(json!(["\"open", "next"])), "argument-with-blank", Warn, &["quotation mark"]);
    told_once(with_arguments(json!(["", "next"])), "argument-with-blank", Warn, &["is lost"]);
}

fn with_bundle(id: &str, version: &str) -> Folder {
    Folder::sound().host("/extensionBundle", json!({ "id": id, "version": version }))
}

const BUNDLE: &str = "Microsoft.Azure.Functions.ExtensionBundle";

#[test]
fn the_upper_end_of_a_bundles_range_is_judged() {
    for range in ["[2.*, 5.0.0)", "[4.0.0, 5.0.0)", "[1.*,)", "4.*", "[3.*, 4.30.0]"] {
        untold(with_bundle(BUNDLE, range), "extension-bundle");
    }
    for range in ["[1.*, 2.0.0)", "[2.*, 4.0.0)", "[3.3.0, 3.99.99]"] {
        told_once(with_bundle(BUNDLE, range), "extension-bundle", Warn, &["none in it is supported", "4.*"]);
    }
    untold(
        with_bundle("Microsoft.Azure.Functions.ExtensionBundle.Workflows", "[1.*, 2.0.0)"),
        "extension-bundle",
    );
}

#[test]
fn a_bundle_that_the_host_refuses_fails_for_every_app() {
    for range in ["[4.*, 5.0.0", "4.*, 5.0.0)", "[4.*, 5.*)", "~4", "latest", ""] {
        told_once(with_bundle(BUNDLE, range), "extension-bundle", Fail, &["version", "503"]);
    }
    for id in ["", "two words", "Microsoft..Bundle"] {
        told_once(with_bundle(id, "[4.*, 5.0.0)"), "extension-bundle", Fail, &["id", "503"]);
    }
    let without_queues = |bundle: Value| Folder::sound().without("Take").host("/extensionBundle", bundle);
    told_once(without_queues(json!({"version": "[4.*, 5.0.0)"})), "extension-bundle", Fail, &["id"]);
    told_once(without_queues(json!({"id": BUNDLE})), "extension-bundle", Fail, &["version"]);
    untold(without_queues(json!({})), "extension-bundle");
}

#[test]
fn extensions_without_their_libraries_are_a_warning() {
    let app = Folder::sound().gone("/extensionBundle");
    fs::create_dir_all(app.path("bin")).expect("a folder of its own");
    told_once(
        app.file("bin/extensions.json", "{}"),
        "extension-bundle",
        Warn,
        &["bin/extensions.json", ".dll"],
    );
}

#[test]
fn a_member_at_a_wrong_place_is_told_with_its_place() {
    let forwarding = "customHandler.enableForwardingHttpRequest";
    for pointer in [
        "/customHandler/description/enableForwardingHttpRequest",
        "/enableForwardingHttpRequest",
        "/extensions/enableForwardingHttpRequest",
        "/customHandler/enableForwardingHttpRequests",
    ] {
        let app = Folder::sound().host(pointer, true.into());
        told_once(app, "host-json-members", Warn, &["enableForwardingHttpRequest", forwarding]);
    }
    let named = Folder::sound().host("/customHandler/workingDirectory", "data".into());
    told_once(named, "host-json-members", Warn, &["customHandler.description.workingDirectory"]);
    let old = Folder::sound().host("/queues", json!({"batchSize": 8}));
    told_once(old, "host-json-members", Warn, &["extensions.queues"]);
}

#[test]
fn members_that_the_host_knows_are_no_fault() {
    let app = Folder::sound()
        .host("/$schema", "x".into())
        .host("/logging", json!({"logLevel": {"default": "Information", "Host.Results": "Error"}}))
        .host("/customHandler/HTTP", json!({"DefaultAuthorizationLevel": "anonymous"}))
        .host("/customHandler/port", "8080".into())
        .host("/customHandler/_comment", "why".into())
        .host("/extensions/durableTask", json!({"hubName": "x"}));
    untold(app, "host-json-members");
}

#[test]
fn an_override_that_names_nothing_is_told_by_its_name() {
    for (name, meant) in [
        (
            "AzureFunctionsJobHost__customHandler__enableForwardingHttpRequests",
            "__enableForwardingHttpRequest",
        ),
        ("azurefunctionsjobhost__http__routePrefix", "two"),
        ("AzureFunctionsJobHost__extensions__queues__batchsizes", "__batchSize"),
        ("AzureFunctionsJobHost__version", "host.json"),
        ("AzureFunctionsJobHost_customHandler_port", "two underscores"),
    ] {
        let app = Folder::sound().setting(name, "1");
        let words = if meant == "two" { vec![name] } else { vec![name, meant] };
        told_once(app, "host-json-overrides", Warn, &words);
    }
    for name in [
        "AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest",
        "AzureFunctionsJobHost__logging__logLevel__default",
        "AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls",
        "AzureFunctionsJobHost__customHandler__description__arguments__0",
    ] {
        untold(Folder::sound().setting(name, "true"), "host-json-overrides");
    }
}

#[test]
fn the_older_section_works_and_is_told() {
    let older = || {
        Folder::sound()
            .gone("/customHandler")
            .host("/httpWorker", json!({"description": {"defaultExecutablePath": "worker"}}))
    };
    told_once(older(), "custom-handler", Warn, &["httpWorker", "customHandler"]);
    untold(older(), "http-entrance");
    let broken = older().program(b"exec true\n", 0o755);
    told_once(broken, "executable-architecture", Fail, &["#!"]);
    let both =
        Folder::sound().host("/httpWorker", json!({"description": {"defaultExecutablePath": "other"}}));
    told_once(both, "custom-handler", Warn, &["ignores"]);
}

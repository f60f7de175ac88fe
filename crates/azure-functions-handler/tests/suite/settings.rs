//! What app settings change, in a process of its own for each.

use std::{env, fs, process::Command};

use azure_functions_handler::{AuthLevel, Functions, InvocationMode, TestApp, any, get, queue};
use tempfile::TempDir;

use super::request;

async fn nothing() {}

fn functions() -> Functions<()> {
    Functions::<()>::new()
        .http("First", get("{kind}/{id}"), async || "first")
        .http("Second", get("things/{id}/{*rest}"), async || "second")
        .http("Guarded", get("guarded").auth_level(AuthLevel::Admin), nothing)
        .http("Www", any("{*path}"), async || "rest")
        .queue("Take", queue("jobs"), nothing)
}

/// What [`answers`] says in a process with these settings, in an app root with this host.json.
fn said_with(host: &str, settings: &[(&str, &str)]) -> String {
    let root = TempDir::new().expect("a folder");
    functions().write_function_json(root.path()).expect("a folder to write to");
    fs::write(root.path().join("host.json"), host).expect("a file to write");
    let mut child = Command::new(env::current_exe().expect("this program"));
    child.args(["--exact", "settings::answers", "--nocapture"]);
    child.env("FUNCTIONS_APP_ROOT_PATH", root.path()).envs(settings.iter().copied());
    let output = child.output().expect("it runs");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs in the processes that [`said_with`] starts, and does nothing elsewhere.
#[tokio::test]
async fn answers() {
    if env::var_os("FUNCTIONS_APP_ROOT_PATH").is_none() {
        return;
    }
    match functions().deployed() {
        Ok(deployed) => {
            let app = TestApp::new(deployed.with_state(()));
            for path in ["/api/things/7", "/v1/things/7"] {
                let answer = app.http(InvocationMode::Proxy, request("GET", path, "")).await;
                println!("{path} {}: {}.", answer.status.as_u16(), answer.text());
            }
        }
        Err(error) => println!("{error}"),
    }
}

#[test]
fn a_setting_names_the_route_prefix_in_place_of_host_json() {
    let said = said_with("{}", &[]);
    assert!(said.contains("/api/things/7 200: first.") && said.contains("/v1/things/7 404"), "{said}");
    for name in [
        "AzureFunctionsJobHost__extensions__http__routePrefix",
        "AZUREFUNCTIONSJOBHOST__EXTENSIONS__HTTP__ROUTEPREFIX",
    ] {
        let said = said_with("{}", &[(name, "v1")]);
        assert!(said.contains("/v1/things/7 200: first.") && said.contains("/api/things/7 404"), "{said}");
        let said = said_with("{}", &[(name, "")]);
        assert!(said.contains("issues/6251"), "an outsider could forge a message: {said}");
    }
}

#[test]
fn disabled_functions_take_no_requests() {
    for setting in ["AzureWebJobs.First.Disabled", "AzureWebJobs_First_Disabled"] {
        for (value, name) in [("true", "second"), ("1", "second"), ("false", "first")] {
            let said = said_with("{}", &[(setting, value)]);
            assert!(said.contains(&format!("/api/things/7 200: {name}.")), "{setting}={value} {said}");
        }
    }
    let said = said_with(r#"{"functions": ["second", "Www", "Take", "Guarded"]}"#, &[]);
    assert!(said.contains("/api/things/7 200: second."), "{said}");
}

#[test]
fn a_setting_has_requests_forwarded_in_place_of_host_json() {
    let forwards = ("AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest", "true");
    let proxies = ("AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest", "true");
    let refused = said_with("{}", &[forwards]);
    assert!(refused.contains("a weaker key than `Guarded`"), "{refused}");
    let served = said_with("{}", &[forwards, proxies]);
    assert!(served.contains("/api/things/7 200: first."), "{served}");
}

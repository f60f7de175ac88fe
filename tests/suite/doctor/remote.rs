//! What doctor finds by calling a deployment: an authenticated request, each invalid one, and emulators with one layer
//! switched off.

use std::collections::HashMap;

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use functions_emulator::{
    access_keys::{AccessKey, AccessKeys},
    easyauth::EasyAuthMode,
};
use serde_json::json;
use test_servers::Authority;

use super::{Deployment, Diagnosis, GUID};
use crate::support::{IdentityMode, Mode, Setup, TestApp};

const WITHOUT_A_GOOD_TOKEN: [&str; 3] = ["C02-no-token", "C05-bad-token", "C04-forged-principal"];
const BESIDE_A_GOOD_TOKEN: [&str; 2] = ["C04-another-principal", "C08-forged-certificate"];

/// The doctor's word on an app that runs, called at these addresses with the token of a person.
async fn examine(app: &TestApp, urls: &[&str], person: &str, mode: &str) -> Diagnosis {
    let url = app.host.url();
    let deployment = Deployment::sound()
        .set("ORDERS_IDENTITY", mode)
        .set("ORDERS_ENTRA_TENANT_ID", app.users().tenant().to_string().as_str())
        .set("ORDERS_ENTRA_AUDIENCE", app.users().audience())
        .set("ORDERS_ENTRA_AUTHORITY", &format!("{url}/_emulator/issuer"))
        .set("FUNCTIONS_WORKER_RUNTIME", "custom")
        .set("AzureWebJobsStorage", "UseDevelopmentStorage=true")
        .set("WorkQueues", "UseDevelopmentStorage=true");
    let arguments: Vec<&str> = urls.iter().flat_map(|url| ["--url", url]).collect();
    let token = app.token_of(person);
    let evidence = [("DOCTOR_TOKEN", token.as_str()), ("DOCTOR_FUNCTION_KEY", KEY)];
    let found = deployment.examine_here(&arguments, &evidence).await;
    assert!(!found.said.contains(&token) && !found.said.contains(KEY), "neither token nor key is printed");
    found
}

/// The host key of a deployment that asks for keys.
const KEY: &str = "a-key-of-the-host";

fn keys() -> AccessKeys {
    let host = vec![AccessKey { name: "default".to_owned(), value: KEY.to_owned() }];
    AccessKeys { master: String::new(), host, functions: HashMap::new() }
}

#[tokio::test]
async fn a_protected_deployment_rejects_every_forgery() {
    let app = Setup::in_mode(Mode::Proxy).keys(keys()).start().await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec![], Some(0)), "{}", found.said);
    for rule in WITHOUT_A_GOOD_TOKEN.into_iter().chain(BESIDE_A_GOOD_TOKEN).chain(["C01-function-key"]) {
        assert_eq!(found.level(rule), Some("pass"), "{rule}");
    }
    assert!(found.said.contains("App Service Authentication"), "it says who refused: {}", found.said);
}

#[tokio::test]
async fn a_processing_program_can_be_the_valid_caller() {
    let app = Setup::in_mode(Mode::Proxy).keys(keys()).start().await;
    let found = examine(&app, &[app.host.url()], "warehouse", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec![], Some(0)), "{}", found.said);
    let open = Setup::in_mode(Mode::Proxy).start().await;
    let found = examine(&open, &[open.host.url()], "warehouse", "easyauth+jwt").await;
    assert_eq!(found.failed(), vec!["C01-function-key"], "no keys: {}", found.said);
    let found = examine(&app, &[app.host.url()], "visitor", "easyauth+jwt").await;
    assert_eq!(found.level("C56-good-call"), Some("fail"), "a program without a role: {}", found.said);
}

#[tokio::test]
async fn any_missing_layer_fails_the_check() {
    for (front, rule) in
        [(EasyAuthMode::Bypassed, "C56-good-call"), (EasyAuthMode::KeepHeaders, "C04-another-principal")]
    {
        let app = Setup::in_mode(Mode::Proxy).easyauth(front).keys(keys()).start().await;
        let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
        assert_eq!((found.level(rule), found.code), (Some("fail"), Some(1)), "{front:?}: {}", found.said);
    }
    let app = Setup::in_mode(Mode::Proxy).start().await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec!["C01-function-key"], Some(1)), "no keys: {}", found.said);
    let worker = format!("http://{}", app.host.worker_address().await.expect("the worker runs"));
    let found = examine(&app, &[&worker], "buyer", "easyauth+jwt").await;
    assert_eq!((found.level("C56-good-call"), found.code), (Some("fail"), Some(1)), "{}", found.said);
    // The deployment was set up for EasyAuth, which is off: the worker alone refuses.
    let app = Setup::in_mode(Mode::Proxy)
        .identity_mode(IdentityMode::Token)
        .easyauth(EasyAuthMode::Off)
        .keys(keys())
        .start()
        .await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    for rule in &WITHOUT_A_GOOD_TOKEN {
        assert_eq!(found.level(rule), Some("fail"), "{rule}: {}", found.said);
    }
    let found = examine(&app, &[app.host.url()], "buyer", "jwt").await;
    assert_eq!(found.failed(), Vec::<&str>::new(), "without a front the worker is enough: {}", found.said);
}

#[tokio::test]
async fn a_trusted_forged_header_is_detected() {
    let app = Setup::in_mode(Mode::Proxy)
        .identity_mode(IdentityMode::Header)
        .easyauth(EasyAuthMode::KeepHeaders)
        .start()
        .await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth").await;
    assert_eq!(found.level("C04-another-principal"), Some("fail"), "{}", found.said);
}

/// The settings of a worker that demands client certificates of this authority.
fn demanding(setup: Setup, authority: &Authority) -> Setup {
    setup
        .set("ORDERS_CLIENT_CERTIFICATE_MODE", "required")
        .set("ORDERS_CLIENT_CERTIFICATE_CA", authority.certificate())
        .set("ORDERS_CLIENT_CERTIFICATE_ALLOWED", &format!("{GUID}=partner.example"))
}

#[tokio::test]
async fn forged_certificate_headers_are_detected() {
    let partners = Authority::new("partners").expect("an authority");
    let behind =
        |front| Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Token).easyauth(front).keys(keys());
    for (front, failed) in [
        (EasyAuthMode::On, vec![]),
        (EasyAuthMode::KeepHeaders, vec!["C08-forged-certificate"]),
        (EasyAuthMode::Off, vec!["C08-forged-certificate"]),
    ] {
        let app = demanding(behind(front), &partners).start().await;
        for person in ["buyer", "warehouse"] {
            let found = examine(&app, &[app.host.url()], person, "jwt").await;
            assert_eq!(found.failed(), failed, "{front:?}, {person}: {}", found.said);
        }
    }
    // The forged header comes through, and is not read.
    let app = behind(EasyAuthMode::KeepHeaders).start().await;
    let found = examine(&app, &[app.host.url()], "warehouse", "jwt").await;
    assert_eq!(found.failed(), Vec::<&str>::new(), "{}", found.said);
}

#[tokio::test]
async fn an_unverified_certificate_is_detected() {
    const UNAUTHENTICATED: (u16, &str) = (401, "unauthenticated");
    const MISSING: (u16, &str) = (404, "not-found");
    for (without, with, level, told) in [
        (UNAUTHENTICATED, MISSING, "fail", "accepts a header that the caller wrote"),
        (UNAUTHENTICATED, UNAUTHENTICATED, "pass", "ignored"),
        (MISSING, MISSING, "pass", "ignored"),
        (MISSING, UNAUTHENTICATED, "fail", "nothing in front of it removed"),
        (MISSING, (403, ""), "pass", "refused by the host"),
        (MISSING, (503, "unavailable"), "fail", "inconclusive"),
    ] {
        let answer = move |uri: Uri, headers: HeaderMap| async move {
            match (headers.contains_key("authorization"), headers.contains_key("x-arr-clientcert")) {
                (false, _) => StatusCode::UNAUTHORIZED.into_response(),
                _ if uri.path() == "/api/orders" => "{}".into_response(),
                (_, false) if uri.path().ends_with("/process") => problem(without.0, without.1),
                _ if uri.path().ends_with("/process") => problem(with.0, with.1),
                _ => problem(403, "forbidden"),
            }
        };
        let url = served(Router::new().fallback(answer)).await;
        let deployment = Deployment::sound().set("FUNCTIONS_WORKER_RUNTIME", "custom");
        let found = deployment.examine_here(&["--url", &url], &[("DOCTOR_TOKEN", "good")]).await;
        let of_rule = found.findings.iter().find(|one| one["rule"] == "C08-forged-certificate");
        let of_rule = of_rule.expect("it is asked");
        let why = of_rule["why"].as_str().unwrap_or_default();
        assert!(of_rule["level"] == level && why.contains(told), "{level}, {told}: {}", found.said);
    }
}

#[tokio::test]
async fn checks_need_a_valid_call_first() {
    let app = Setup::in_mode(Mode::Proxy).start().await;
    let found = examine(&app, &["http://127.0.0.1:1"], "buyer", "easyauth+jwt").await;
    assert_eq!((found.level("C56-good-call"), found.code), (Some("fail"), Some(1)), "{}", found.said);
    assert!(found.said.contains("inconclusive"), "{}", found.said);
    let found = examine(&app, &["http://app.example"], "buyer", "easyauth+jwt").await;
    assert_eq!(found.level("C56-good-call"), Some("fail"), "plain http goes nowhere: {}", found.said);
    let found = examine(&app, &[app.host.url()], "admin", "easyauth+jwt").await;
    assert!(found.level("C04-another-principal") == Some("fail") && found.said.contains("inconclusive"));
}

#[tokio::test]
async fn the_default_host_name_must_not_respond() {
    let app = Setup::in_mode(Mode::Proxy).start().await;
    for (closed, level) in [("http://127.0.0.1:1", "pass"), (app.host.url(), "fail")] {
        let found = examine(&app, &[app.host.url(), closed], "buyer", "easyauth+jwt").await;
        assert_eq!(found.level("C34-own-host-name"), Some(level), "{}", found.said);
    }
}

/// A front end, as seen from outside: it accepts one token, and refuses everything else with its own answer.
async fn guarded_by(no: fn() -> Response) -> String {
    let answer = move |uri: Uri, headers: HeaderMap| async move {
        match (headers.get("authorization").and_then(|value| value.to_str().ok()), uri.path()) {
            (Some("Bearer good"), "/api/orders") => "{}".into_response(),
            (Some("Bearer good"), _) => problem(403, "forbidden"),
            _ => no(),
        }
    };
    served(Router::new().fallback(answer)).await
}

async fn served(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

/// An answer of the worker; of somebody else without a slug.
fn problem(status: u16, slug: &str) -> Response {
    let body = json!({"type": format!("urn:orders:problem:{slug}"), "status": status}).to_string();
    let body = if slug.is_empty() { String::new() } else { body };
    (StatusCode::from_u16(status).expect("a status"), body).into_response()
}

#[tokio::test]
async fn each_kind_of_rejection_is_recognized() {
    let challenge =
        || (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer realm=\"app\"")]).into_response();
    let gateway = || {
        let body = json!({"statusCode": 401, "message": "Unauthorized. Access token is missing or invalid."});
        let headers = [("content-type", "application/json"), ("www-authenticate", "Bearer")];
        (StatusCode::UNAUTHORIZED, headers, body.to_string()).into_response()
    };
    let network = || (StatusCode::FORBIDDEN, [("x-ms-forbidden-ip", "203.0.113.9")]).into_response();
    let host = || StatusCode::UNAUTHORIZED.into_response();
    let closed = guarded_by(network).await;
    let ways: [(fn() -> Response, _, _); 5] = [
        (challenge, "App Service Authentication", "pass"),
        (gateway, "the gateway", "pass"),
        (network, "the network's rules", "pass"),
        (host, "the host or the front end before it", "pass"),
        (|| problem(401, "unauthenticated"), "only by the worker", "fail"),
    ];
    for (no, who, level) in ways {
        let url = guarded_by(no).await;
        let deployment = Deployment::sound().set("FUNCTIONS_WORKER_RUNTIME", "custom");
        let arguments = ["--url", &url, "--url", &closed];
        let found = deployment.examine_here(&arguments, &[("DOCTOR_TOKEN", "good")]).await;
        for rule in &WITHOUT_A_GOOD_TOKEN {
            let of_rule = found.findings.iter().find(|one| one["rule"] == *rule).expect("it is asked");
            let why = of_rule["why"].as_str().unwrap_or_default();
            assert!(of_rule["level"] == level && why.contains(who), "{rule}, {who}: {}", found.said);
        }
        assert_eq!(found.level("C34-own-host-name"), Some("pass"), "the network lets no caller in");
    }
}

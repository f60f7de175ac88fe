//! From outside: an honest call, each lie, and local hosts with one layer off.

use std::collections::HashMap;

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use local_host::{
    front::FrontMode,
    keys::{Key, Keys},
};
use serde_json::json;

use super::{Deployment, Diagnosis};
use crate::support::{Evidence, Mode, Setup, TestApp};

const ATTACKS: [&str; 5] = [
    "C02-no-token",
    "C05-bad-token",
    "C04-forged-principal",
    "C08-forged-certificate",
    "C04-another-principal",
];

/// The doctor's word on an app that runs, called at these addresses with the token of a person.
async fn examine(app: &TestApp, urls: &[&str], person: &str, mode: &str) -> Diagnosis {
    let url = app.host.url();
    let deployment = Deployment::sound()
        .set("ORDERS_IDENTITY", mode)
        .set("ORDERS_ENTRA_TENANT_ID", app.people().tenant().to_string().as_str())
        .set("ORDERS_ENTRA_AUDIENCE", app.people().audience())
        .set("ORDERS_ENTRA_AUTHORITY", &format!("{url}/_local/issuer"))
        .set("FUNCTIONS_WORKER_RUNTIME", "custom")
        .set("AzureWebJobsStorage", "UseDevelopmentStorage=true");
    let arguments: Vec<&str> = urls.iter().flat_map(|url| ["--url", url]).collect();
    let token = app.token_of(person);
    let evidence = [("DOCTOR_TOKEN", token.as_str()), ("DOCTOR_FUNCTION_KEY", KEY)];
    let found = deployment.examine_here(&arguments, &evidence).await;
    assert!(!found.said.contains(&token) && !found.said.contains(KEY), "neither token nor key is printed");
    found
}

/// The host key of a deployment that asks for keys.
const KEY: &str = "a-key-of-the-host";

fn keys() -> Keys {
    let host = vec![Key { name: "default".to_owned(), value: KEY.to_owned() }];
    Keys { master: String::new(), host, functions: HashMap::new() }
}

#[tokio::test]
async fn a_guarded_deployment_refuses_every_lie() {
    let app = Setup::in_mode(Mode::Proxy).keys(keys()).start().await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec![], Some(0)), "{}", found.said);
    for rule in ATTACKS.into_iter().chain(["C01-function-key"]) {
        assert_eq!(found.level(rule), Some("pass"), "{rule}");
    }
    assert!(found.said.contains("App Service Authentication"), "it says who refused: {}", found.said);
}

#[tokio::test]
async fn a_program_that_processes_orders_can_be_the_honest_caller() {
    let app = Setup::in_mode(Mode::Proxy).start().await;
    let found = examine(&app, &[app.host.url()], "warehouse", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec![], Some(0)), "{}", found.said);
    let found = examine(&app, &[app.host.url()], "visitor", "easyauth+jwt").await;
    assert_eq!(found.level("C56-good-call"), Some("fail"), "a program without a role: {}", found.said);
}

#[tokio::test]
async fn any_one_layer_off_makes_it_fail() {
    for (front, rule) in
        [(FrontMode::Bypassed, "C56-good-call"), (FrontMode::KeepingHeaders, "C04-another-principal")]
    {
        let app = Setup::in_mode(Mode::Proxy).front(front).keys(keys()).start().await;
        let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
        assert_eq!((found.level(rule), found.code), (Some("fail"), Some(1)), "{front:?}: {}", found.said);
    }
    let app = Setup::in_mode(Mode::Proxy).start().await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    assert_eq!((found.failed(), found.code), (vec!["C01-function-key"], Some(1)), "no keys: {}", found.said);
    let worker = format!("http://{}", app.host.worker_address().await.expect("the worker runs"));
    let found = examine(&app, &[&worker], "buyer", "easyauth+jwt").await;
    assert_eq!((found.level("C56-good-call"), found.code), (Some("fail"), Some(1)), "{}", found.said);
    // The deployment was set up for a front, and there is none: the worker alone refuses.
    let app = Setup::in_mode(Mode::Proxy)
        .evidence(Evidence::Token)
        .front(FrontMode::Off)
        .keys(keys())
        .start()
        .await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth+jwt").await;
    for rule in &ATTACKS[..4] {
        assert_eq!(found.level(rule), Some("fail"), "{rule}: {}", found.said);
    }
    let found = examine(&app, &[app.host.url()], "buyer", "jwt").await;
    assert_eq!(found.failed(), Vec::<&str>::new(), "without a front the worker is enough: {}", found.said);
}

#[tokio::test]
async fn a_deployment_that_believes_a_forged_header_is_found() {
    let app =
        Setup::in_mode(Mode::Proxy).evidence(Evidence::Header).front(FrontMode::KeepingHeaders).start().await;
    let found = examine(&app, &[app.host.url()], "buyer", "easyauth").await;
    assert_eq!(found.level("C04-another-principal"), Some("fail"), "{}", found.said);
}

#[tokio::test]
async fn without_an_honest_call_nothing_is_proved() {
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
async fn the_apps_own_host_name_must_not_answer() {
    let app = Setup::in_mode(Mode::Proxy).start().await;
    for (closed, level) in [("http://127.0.0.1:1", "pass"), (app.host.url(), "fail")] {
        let found = examine(&app, &[app.host.url(), closed], "buyer", "easyauth+jwt").await;
        assert_eq!(found.level("C34-own-host-name"), Some(level), "{}", found.said);
    }
}

/// What stands in front of an app, as far as it is seen from outside: it lets one token through, and says no in its own
/// way to everything else.
async fn guarded_by(no: fn() -> Response) -> String {
    let answer = move |uri: Uri, headers: HeaderMap| async move {
        match (headers.get("authorization").and_then(|value| value.to_str().ok()), uri.path()) {
            (Some("Bearer good"), "/api/orders") => "{}".into_response(),
            (Some("Bearer good"), _) => problem(403, "forbidden"),
            _ => no(),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

fn problem(status: u16, slug: &str) -> Response {
    let body = json!({"type": format!("urn:orders:problem:{slug}"), "status": status}).to_string();
    (StatusCode::from_u16(status).expect("a status"), body).into_response()
}

#[tokio::test]
async fn each_way_to_say_no_is_told_apart_by_its_form() {
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
        (|| problem(401, "unauthenticated"), "the worker alone", "fail"),
    ];
    for (no, who, level) in ways {
        let url = guarded_by(no).await;
        let deployment = Deployment::sound().set("FUNCTIONS_WORKER_RUNTIME", "custom");
        let arguments = ["--url", &url, "--url", &closed];
        let found = deployment.examine_here(&arguments, &[("DOCTOR_TOKEN", "good")]).await;
        for rule in &ATTACKS[..4] {
            let of_rule = found.findings.iter().find(|one| one["rule"] == *rule).expect("it is asked");
            let why = of_rule["why"].as_str().unwrap_or_default();
            assert!(of_rule["level"] == level && why.contains(who), "{rule}, {who}: {}", found.said);
        }
        assert_eq!(found.level("C34-own-host-name"), Some("pass"), "the network lets nobody in");
    }
}

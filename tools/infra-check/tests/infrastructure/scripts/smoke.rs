//! The smoke test, as far as what it calls; the scenarios run it at a real worker.

use super::Case;
use crate::stubs::{Call, Stubs, complained, read, said};

const URL: &str = "https://func-api.example";
const SECRETS: [(&str, &str); 2] = [("DEPLOY_TOKEN", "the-token"), ("DEPLOY_KEY", "the-key")];

fn call(method: &str, path: &str, more: &str, status: &str) -> Call {
    let out = "--output TMP/body --dump-header TMP/head --write-out %{http_code}";
    read(
        format!(
            "curl --silent --show-error --max-time 60 --config - --request {method} {out}{more} {URL}{path}"
        ),
        status,
    )
}

fn calls(queued: &str) -> Vec<Call> {
    let json = "--header ‹Content-Type: application/json› --data";
    let product = r#"‹{ "name": "Smoke test", "currency": "EUR", "unitPrice": 1, "active": true }›"#;
    let order = r#"‹{ "reference": "SMOKE-TEST", "currency": "EUR", "lines": [{ "sku": "SMOKE-TEST", "quantity": 1 }] }›"#;
    vec![
        call("GET", "/api/health", " --retry 30 --retry-delay 10 --retry-all-errors --fail", "200"),
        call(
            "PUT",
            "/api/products/SMOKE-TEST",
            &format!(" --header ‹If-None-Match: *› {json} {product}"),
            "412",
        ),
        call("POST", "/api/orders", &format!(" {json} {order}"), "201")
            .does("printf 'Location: /api/orders/7\\r\\n' > \"$(echo \"$folder\"/tmp/tmp.*)/head\""),
        call("GET", "/api/orders/7", "", "200"),
        call("POST", "/api/orders/7/process", " --header ‹Content-Length: 0›", "202")
            .does(format!("echo '{{\"status\":\"{queued}\"}}' > \"$(echo \"$folder\"/tmp/tmp.*)/body\"")),
        call("GET", "/api/orders/00000000-0000-4000-8000-000000000000", "", "404"),
        call("GET", "/api/orders/7", "", "401"),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("smoke.sh", &[URL], calls("queued"))
            .with(&SECRETS)
            .says("https://func-api.example answers as it should, and refuses what it should"),
    ]
}

#[test]
fn token_and_key_are_never_arguments() {
    let calls = calls("queued");
    let stubs = Stubs::new(&calls[..1]);
    complained(&stubs.run("smoke.sh", &[URL], &SECRETS));
    let sent = stubs.shown("stdin");
    assert!(
        sent.contains("Authorization: Bearer the-token") && sent.contains("x-functions-key: the-key"),
        "{sent}"
    );
    assert!(stubs.called().iter().all(|line| !line.contains("the-token") && !line.contains("the-key")));
    let said = complained(&Stubs::new(&[]).run("smoke.sh", &[URL], &[]));
    assert!(said.contains("DEPLOY_TOKEN"), "{said}");
}

#[test]
fn each_wrong_response_fails_the_smoke_test() {
    for (place, wrong) in [(0, "503"), (1, "403"), (2, "500"), (3, "404"), (4, "409"), (5, "200"), (6, "200")]
    {
        let mut calls: Vec<_> = calls("queued").into_iter().take(place + 1).collect();
        calls[place] = calls[place].clone().says(wrong);
        let stubs = Stubs::new(&calls);
        let said = complained(&stubs.run("smoke.sh", &[URL], &SECRETS));
        assert!(said.contains(&format!("the answer is {wrong}")), "{said}");
        assert_eq!(said.contains("az account clear"), wrong == "403", "{said}");
        stubs.all_told();
    }
    let stubs = Stubs::new(&calls("placed")[..5]);
    assert!(complained(&stubs.run("smoke.sh", &[URL], &SECRETS)).contains("not queued"));
}

#[test]
fn the_smoke_test_waits_for_the_backend() {
    let status = |status: &str| {
        let body = format!("echo '{{\"status\":\"{status}\"}}' > \"$(echo \"$folder\"/tmp/tmp.*)/body\"");
        call("GET", "/api/orders/7", "", "200").does(body)
    };
    let mut calls = calls("queued");
    calls.extend([status("queued"), status("fulfilled")]);
    let stubs = Stubs::new(&calls);
    said(&stubs.run("smoke.sh", &["--fulfilled", URL], &SECRETS));
    stubs.all_told();
}

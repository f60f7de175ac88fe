//! What the worker sends to the backend, and what its answers mean.

use serde_json::{Value, json};
use test_servers::BackendResponse;
use tokio::time::{Duration, Instant};

use super::*;
use crate::telemetry::{chain, tests::lines_of};

/// Shows the right certificate to a backend that answers this.
async fn answered(says: BackendResponse) -> Result<Decision, FulfilmentError> {
    let parties = Parties::new();
    parties.show(&parties.client());
    let server = parties.backend().await;
    server.respond_with(says);
    ask(parties.settings(server.port())).await
}

#[tokio::test]
async fn the_backend_gets_only_what_it_needs() {
    let parties = Parties::new();
    let client = parties.client();
    parties.show(&client);
    let server = parties.backend().await;
    let backend = Backend::new(parties.settings(server.port()), None);
    let trace = TRACE.parse::<TraceContext>().unwrap().with_state(Some("vendor=value"));
    let order = order();
    for _ in 0..2 {
        assert_eq!(backend.submit(&order, Some(&trace), at(0)).await.unwrap(), Decision::Fulfilled);
    }
    let lines = json!([{"sku": "CUP", "quantity": 6}]);
    let told = json!({"orderId": order.id, "reference": "PO-17", "lines": lines, "note": "ring twice"});
    let asked = server.requests();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        assert_eq!(asked.line, "POST /v1/fulfilments");
        assert_eq!(asked.headers["idempotency-key"], order.id.to_string());
        assert_eq!(asked.headers["traceparent"], TRACE);
        assert_eq!(asked.headers["tracestate"], "vendor=value");
        assert_eq!(asked.headers["content-type"], "application/json");
        assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap(), told);
        let shown = crate::pem::certificates(&client.certificate).unwrap();
        assert_eq!(asked.certificate.as_deref(), Some(shown[0].as_ref()));
    }
}

#[tokio::test]
async fn success_fulfils_422_rejects_and_everything_else_waits() {
    for status in [200, 201, 202, 204] {
        assert_eq!(answered(BackendResponse::Status(status)).await.unwrap(), Decision::Fulfilled, "{status}");
    }
    assert_eq!(answered(BackendResponse::Status(422)).await.unwrap(), Decision::Rejected);
    for (status, is_configuration_error) in [
        (300, false),
        (304, false),
        (400, true),
        (401, true),
        (403, true),
        (404, true),
        (408, false),
        (409, false),
        (410, true),
        (425, false),
        (429, false),
        (499, true),
        (500, false),
        (503, false),
    ] {
        let undecided = answered(BackendResponse::Status(status)).await.unwrap_err();
        assert!(matches!(undecided, FulfilmentError::Status(given) if given == status), "{undecided:?}");
        assert_eq!(undecided.is_configuration_error(), is_configuration_error, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let parties = Parties::new();
    let elsewhere = parties.backend().await;
    let to = format!("https://127.0.0.1:{}/v1/fulfilments", elsewhere.port());
    let undecided = answered(BackendResponse::Redirect(to)).await.unwrap_err();
    assert!(matches!(undecided, FulfilmentError::Status(status) if status == 307), "{undecided:?}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn responses_over_one_mebibyte_decide_nothing() {
    assert_eq!(answered(BackendResponse::WithBody(1024 * 1024)).await.unwrap(), Decision::Fulfilled);
    for length in [1024 * 1024 + 1, 2 * 1024 * 1024] {
        let undecided = answered(BackendResponse::WithBody(length)).await.unwrap_err();
        assert!(matches!(undecided, FulfilmentError::Response(_)), "{undecided:?}");
    }
}

#[tokio::test]
async fn a_hanging_backend_times_out_after_fifteen_seconds() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let server = parties.backend().await;
    server.respond_with(BackendResponse::Nothing);
    let hung = async {
        server.wait_for_request().await;
        tokio::time::pause();
        Instant::now()
    };
    let (asked, since) = tokio::join!(ask(parties.settings(server.port())), hung);
    assert!(matches!(asked, Err(FulfilmentError::Timeout | FulfilmentError::Unreachable(_))), "{asked:?}");
    let waited = since.elapsed();
    assert!(waited <= Duration::from_secs(16) && waited > Duration::from_secs(10), "{waited:?}");
}

#[tokio::test]
async fn error_chains_name_the_cause_and_no_url() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let server = parties.backend().await;
    let settings = parties.settings(server.port());
    drop(server);
    let story = chain(&ask(settings).await.unwrap_err());
    assert!(story.contains("cannot be reached") && !story.contains("/v1/fulfilments"), "{story}");
}

#[test]
fn repeated_backend_failures_are_logged_as_one_outage() {
    let lines = lines_of(async {
        let parties = Parties::new();
        parties.show(&parties.client());
        let server = parties.backend().await;
        let backend = Backend::new(parties.settings(server.port()), None);
        for says in [BackendResponse::Status(503), BackendResponse::Status(404), BackendResponse::Status(200)]
        {
            server.respond_with(says);
            for _ in 0..10 {
                let _decision = backend.submit(&order(), None, at(0)).await;
            }
        }
    });
    let told: Vec<_> =
        lines.iter().map(|line| (&line["event"], &line["outage"], &line["failed_calls"])).collect();
    let (none, ten) = (&Value::Null, &json!(10));
    let [undecided, fault, ended] =
        ["fulfilment-failed", "fulfilment-request-rejected", "outage-ended"].map(Value::from);
    assert_eq!(told[..2], [(&undecided, none, none), (&fault, none, none)]);
    assert_eq!(told.len(), 4, "{told:?}");
    for outage in [&undecided, &fault] {
        assert!(told[2..].contains(&(&ended, outage, ten)), "{told:?}");
    }
}

//! The platform without a backend: there is no stub, so orders wait.

use crate::support::{EventLog, IdentityMode, Mode, Setup, TokenPostgres};

/// What the users of `functions-emulator.json` call with.
const CLIENT: &str = "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04";

/// About an order that does not exist.
const UNKNOWN: &str = r#"{"version":1,"messageId":"0197c1de-5a1f-7c3e-8b60-1d2f3a4b5c6d","orderId":"0197c1de-5a1f-7c3e-8b60-1d2f3a4b5c6e","traceparent":null}"#;

/// An app that takes this machine for the platform.
pub(crate) fn on_the_platform(guarded: &TokenPostgres) -> Setup {
    let setup = Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Header);
    guarded.under(setup).set("WEBSITE_SITE_NAME", "orders").set("ORDERS_ENTRA_ALLOWED_CLIENTS", CLIENT)
}

#[tokio::test]
async fn a_message_without_a_backend_fails_on_postgres() {
    let guarded = TokenPostgres::start().await;
    let at_once = "AzureFunctionsJobHost__extensions__queues__visibilityTimeout";
    let mut app = on_the_platform(&guarded).set(at_once, "00:00:00").start().await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    let mut heard = EventLog::default();
    let is_given_up = |heard: &EventLog| {
        heard.events("invocation-ended").iter().any(|line| line["function"] == "RecordPoisonFulfilment")
    };
    heard.until(&mut app, "the host gives the message up", is_given_up).await;
    let failures = heard.events("invocation-failed");
    assert!(!failures.is_empty());
    for line in failures {
        let reason = line["reason"].as_str().expect("a reason");
        let told = ["ORDERS_FULFILMENT_URL", "AzureWebJobs_FulfilOrder_Disabled=true"];
        assert!(line["function"] == "FulfilOrder" && told.iter().all(|name| reason.contains(name)), "{line}");
    }
    app.queues.until_empty("orders-fulfilment-poison").await;
    assert_eq!(admin.get(&location).await.json()["status"], "queued");
    assert_eq!(admin.get("/api/dead-letters").await.json()["items"].as_array().map(Vec::len), Some(0));

    for rubbish in ["rubbish", UNKNOWN] {
        app.queues.put("orders-fulfilment-poison", rubbish.to_owned()).await;
    }
    app.queues.until_empty("orders-fulfilment-poison").await;
    let letters = admin.get("/api/dead-letters").await.json();
    assert_eq!(letters["items"].as_array().map(Vec::len), Some(2), "nothing else is left out: {letters}");
}

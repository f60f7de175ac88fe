//! Who did what to which order, and who was refused what: all of it has audit lines (control C50).

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::{Value, json};

use crate::support::{
    EventLog, Mode, Principal, SOON, Setup, TENANT, TestApp, a_revision, an_order, deliver, id,
    in_every_mode, object_id,
};

in_every_mode!(
    every_change_is_audited_with_its_author,
    every_denial_is_audited_with_its_reason,
    every_secret_lookup_is_audited_with_its_caller,
);

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn start(mode: Mode) -> TestApp {
    Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await
}

/// The line's fields of these names.
fn fields<const N: usize>(line: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| line[name].clone())
}

/// The actor in an audit line.
fn author(line: &Value) -> [Value; 3] {
    fields(line, ["tenant_id", "object_id", "caller_kind"])
}

fn person(object: u8) -> [Value; 3] {
    [json!(TENANT), json!(object_id(object)), json!("user")]
}

async fn every_secret_lookup_is_audited_with_its_caller(mode: Mode) {
    let setup =
        Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).set("KeyVaultUrl", "https://tests.invalid");
    let mut app = setup.set("SecretName", "cup").start().await;
    let admin = app.principal(&Principal::user(TENANT, 4).role("OrderAdmin"));
    let buyer = app.principal(&Principal::user(TENANT, 1));
    assert_eq!(
        admin.get("/api/GetSecretFromKeyVault?secretName=").await.status,
        503,
        "there is no such vault"
    );
    assert_eq!(admin.get("/api/GetSecretFromKeyVault?secretName=teapot").await.status, 503);
    assert_eq!(admin.get("/api/GetSecretFromKeyVault?secretName=a%2Fb").await.status, 400);
    assert_eq!(buyer.get("/api/GetSecretFromKeyVault").await.status, 403);
    let mut heard = EventLog::default();
    let ended = |heard: &EventLog| {
        let ended = heard.events("invocation-ended").into_iter();
        ended.filter(|line| line["function"] == "GetSecretFromKeyVault").count()
    };
    heard.until(&mut app, "the end of all four", |heard| ended(heard) >= 4).await;
    let looked_up = heard.events("secret-looked-up");
    let told: Vec<_> =
        looked_up.iter().map(|line| (fields(line, ["secret", "outcome", "actor"]), author(line))).collect();
    let look_up = |name: &str| ([json!(name), json!("unavailable"), json!("user")], person(4));
    assert_eq!(told, [look_up("cup"), look_up("teapot")]);
}

async fn every_change_is_audited_with_its_author(mode: Mode) {
    let mut app = start(mode).await;
    let admin = app.principal(&Principal::user(TENANT, 4).role("OrderAdmin"));
    let buyer = app.principal(&Principal::user(TENANT, 1));
    let clerk = app.principal(&Principal::app(5).role("OrderProcessor"));
    admin.stock("BEANS", 1290).await;
    let first = buyer.place("BEANS").await;
    buyer.with("if-match", "\"1\"").put(&first, &a_revision("BEANS")).await;
    buyer.post_nothing(&format!("{first}/cancel")).await;
    buyer.post_nothing(&format!("{first}/cancel")).await;
    let second = buyer.place("BEANS").await;
    let clerk = clerk.with("traceparent", TRACE);
    clerk.post_nothing(&format!("{second}/process")).await;
    app.becomes(&buyer, &second, "fulfilled", SOON).await;
    deliver(&app, "orders-fulfilment", "nonsense").await;
    let letters = admin.get("/api/dead-letters").await.json();
    let letter = letters["items"][0]["id"].as_str().expect("a dead letter").to_owned();
    assert_eq!(admin.post_nothing(&format!("/api/dead-letters/{letter}/replay")).await.status, 202);
    let mut heard = EventLog::default();
    heard.until(&mut app, "the last change", |heard| !heard.events("dead-letter-replayed").is_empty()).await;

    let changes = heard.events("order-changed");
    let told: Vec<_> = changes
        .iter()
        .map(|line| (fields(line, ["action", "status", "version", "actor"]), author(line)))
        .collect();
    let change = |action: &str, status: &str, version: u64| {
        [json!(action), json!(status), json!(version), json!("user")]
    };
    let program = [json!(TENANT), json!(object_id(5)), json!("app")];
    let unknown = [Value::Null, Value::Null, Value::Null];
    let expected = [
        (change("place", "placed", 1), person(1)),
        (change("update", "placed", 2), person(1)),
        (change("cancel", "cancelled", 3), person(1)),
        (change("place", "placed", 1), person(1)),
        ([json!("process"), json!("queued"), json!(2), json!("app")], program),
        ([json!("fulfil"), json!("fulfilled"), Value::Null, json!("system")], unknown),
    ];
    assert_eq!(told, expected);
    for (lines, location) in [(&changes[..3], &first), (&changes[3..], &second)] {
        for line in lines {
            assert!(location.ends_with(line["order_id"].as_str().expect("an order")), "{line}");
            assert!(heard.invoked.contains_key(&id(&line["invocation_id"])), "{line}");
        }
    }
    for line in &changes[4..] {
        assert_eq!(
            line["trace_id"], "0af7651916cd43dd8448eb211c80319c",
            "from the request to the decision: {line}"
        );
    }
    let products = heard.events("product-changed");
    let names = ["action", "sku", "version", "actor"];
    assert_eq!(fields(products[0], names), [json!("create"), json!("BEANS"), json!(1), json!("user")]);
    assert_eq!(author(products[0]), person(4));
    let given_up = heard.events("message-dead-lettered");
    let names = ["reason", "letter_id", "queue"];
    assert_eq!(fields(given_up[0], names), [json!("malformed"), json!(letter), json!("orders-fulfilment")]);
    let replayed = heard.events("dead-letter-replayed");
    assert_eq!((&replayed[0]["letter_id"], author(replayed[0])), (&json!(letter), person(4)));
}

async fn every_denial_is_audited_with_its_reason(mode: Mode) {
    let mut app = start(mode).await;
    app.principal(&Principal::user(TENANT, 4).role("OrderAdmin")).stock("BEANS", 1290).await;
    let buyer = app.principal(&Principal::user(TENANT, 1));
    let stranger = app.principal(&Principal::user(TENANT, 2));
    let location = buyer.place("BEANS").await;
    app.anonymous().get(&location).await;
    buyer.post_nothing(&format!("{location}/process")).await;
    stranger.get(&location).await;
    stranger.get(&format!("{location}/history")).await;
    stranger.post_nothing(&format!("{location}/cancel")).await;
    stranger.with("if-match", "\"1\"").put(&location, &a_revision("BEANS")).await;
    let mut heard = EventLog::default();
    let told = |heard: &EventLog| {
        let (denied, ended) = (heard.events("denied"), heard.ended());
        denied.len() == 6 && denied.iter().all(|line| ended.contains_key(&id(&line["invocation_id"])))
    };
    heard.until(&mut app, "the denials, and the last lines of their invocations", told).await;
    let unknown = [Value::Null, Value::Null, Value::Null];
    let expected = [
        ("bearer-missing", "GetOrder", unknown),
        ("role-missing", "ProcessOrder", person(1)),
        ("not-in-sight", "GetOrder", person(2)),
        ("not-in-sight", "GetOrderHistory", person(2)),
        ("not-in-sight", "CancelOrder", person(2)),
        ("not-in-sight", "UpdateOrder", person(2)),
    ];
    for (line, (reason, function, who)) in heard.events("denied").into_iter().zip(expected) {
        assert_eq!(fields(line, ["reason", "function"]), [json!(reason), json!(function)]);
        assert_eq!(author(line), who, "{line}");
        assert!(location.ends_with(line["order_id"].as_str().expect("an order")), "{line}");
        let ended = &heard.ended()[&id(&line["invocation_id"])];
        assert_eq!(ended[0]["denied"], reason, "the last line says so too");
    }
}

#[tokio::test]
async fn repeated_denials_are_counted_and_flushed_at_shutdown() {
    let mut app = start(Mode::Proxy).await;
    for _ in 0..25 {
        assert_eq!(app.anonymous().post("/api/orders", &an_order("BEANS")).await.status, 401);
    }
    let worker = app.host.worker_pid().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?));
    rustix::process::kill_process(worker.expect("it runs"), rustix::process::Signal::TERM)
        .expect("it is ours");
    let mut heard = EventLog::default();
    heard.until(&mut app, "the count", |heard| !heard.events("denials-suppressed").is_empty()).await;
    assert_eq!(heard.events("denied").len(), 10);
    let counted = heard.events("denials-suppressed");
    assert_eq!(
        fields(counted[0], ["reason", "count", "caller_kind"]),
        [json!("bearer-missing"), json!(15), json!("anonymous")]
    );
    assert_eq!(counted[0].get("invocation_id"), None, "no single invocation did it");
}

#[tokio::test]
async fn the_relay_logs_requests_in_flight_and_pending_messages() {
    let mut app = Setup::in_mode(Mode::Proxy).set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    app.user("clerk").post_nothing(&format!("{location}/process")).await;
    deliver(&app, "orders-incoming", "nonsense").await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    let mut heard = EventLog::default();
    heard.until(&mut app, "the gauges", |heard| !heard.events("metrics").is_empty()).await;
    let gauges = heard.events("metrics");
    let counts = fields(gauges[0], ["open_rows", "unreplayed_dead_letters", "pool_size"]);
    assert_eq!(counts, [json!(1), json!(1), json!(4)]);
    assert!(gauges[0]["pool_in_use"].as_u64().is_some_and(|busy| busy <= 4), "{gauges:?}");
    assert!(gauges[0]["oldest_open_seconds"].as_u64().is_some_and(|age| age < 60), "{gauges:?}");
    assert_eq!(gauges[0].get("certificate_days"), None, "no certificate is configured");
}

//! The worker's log: JSON lines that name their invocation, and contain nothing that a caller sent.

use std::{collections::BTreeSet, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use functions_emulator::easyauth::EasyAuthMode;
use orders_worker::{functions::FUNCTIONS, telemetry::event::kinds};
use serde_json::json;

use crate::support::{
    Client, EventLog, Mode, Principal, SOON, Setup, TENANT, TestApp, an_order, binary, id, in_every_mode,
    object_id,
};

in_every_mode!(every_log_line_has_its_invocation_and_no_secret);

/// Stands in everything that a caller or a sender of messages can fill in.
const SECRET: &str = "hunter2-correct-horse";

/// What every line may have beside the fields of its event: ids, closed lists of words, numbers.
const FIELDS: [&str; 11] = [
    "timestamp",
    "level",
    "message",
    "event",
    "invocation_id",
    "function",
    "trace_id",
    "tenant_id",
    "object_id",
    "caller_kind",
    "denied",
];

/// A caller all of whose credentials are secrets.
fn whispering(app: &TestApp, principal: Principal) -> Client {
    let principal = principal
        .claim("name", SECRET)
        .claim("preferred_username", &format!("{SECRET}@example.test"))
        .claim("sub", SECRET);
    app.principal(&principal)
        .with("x-ms-client-principal-name", SECRET)
        .with("x-ms-token-aad-access-token", SECRET)
        .with("x-functions-key", SECRET)
        .with("cookie", &format!("AppServiceAuthSession={SECRET}"))
        .with("tracestate", &format!("a={SECRET}"))
        .with("user-agent", SECRET)
}

/// Everything that can go well or badly, with a secret wherever one fits.
async fn story(app: &TestApp) {
    let admin = whispering(app, Principal::user(TENANT, 4).role("OrderAdmin"));
    let buyer = whispering(app, Principal::user(TENANT, 1));
    let clerk = whispering(app, Principal::app(5).role("OrderProcessor"));
    let code = format!("?code={SECRET}");
    let product = json!({"name": SECRET, "currency": "EUR", "unitPrice": 1290});
    admin.put(&format!("/api/products/BEANS{code}"), &product).await;
    let mut wanted = an_order("BEANS");
    wanted["reference"] = json!(SECRET);
    wanted["note"] = json!(SECRET);
    let keyed = buyer.with("idempotency-key", SECRET);
    let placed = keyed.post(&format!("/api/orders{code}"), &wanted).await;
    keyed.post(&format!("/api/orders{code}"), &an_order("BEANS")).await;
    let location = placed.header("location").expect("a location").to_owned();
    buyer.get(&format!("{location}{code}")).await;
    buyer.get(&format!("/api/orders?cursor={SECRET}&code={SECRET}")).await;
    buyer.get(&format!("/api/orders/{SECRET}?{SECRET}={SECRET}")).await;
    buyer.get(&format!("/api/orders/{SECRET}")).await;
    wanted[SECRET] = json!(SECRET);
    buyer.post("/api/orders", &wanted).await;
    buyer.raw("POST", "/api/orders", Some("application/json"), format!("{{\"{SECRET}")).await;
    buyer.raw("POST", "/api/orders", Some(SECRET), SECRET).await;
    buyer.with("if-match", SECRET).put("/api/products/BEANS", &product).await;
    buyer.with("traceparent", SECRET).get("/api/products").await;
    buyer.get("/api/dead-letters").await;
    app.anonymous().bearer(SECRET).with("x-ms-client-principal", SECRET).get(&location).await;
    whispering(app, Principal::user(TENANT, 1).claim("oid", SECRET)).get(&location).await;
    app.anonymous().with("authorization", SECRET).get(&location).await;
    app.anonymous().with("cookie", SECRET).get(&format!("/api/health{code}")).await;
    clerk.post_nothing(&format!("{location}/process{code}")).await;
    let mut hostile = json!({"version": 1, "messageId": SECRET, "orderId": SECRET, "traceparent": SECRET});
    for text in [SECRET.to_owned(), format!("{{\"{SECRET}"), hostile.to_string()] {
        app.queues.put("orders-fulfilment", STANDARD.encode(text)).await;
    }
    hostile[SECRET] = json!(SECRET);
    for queue in ["orders-fulfilment-poison", "orders-incoming", "orders-incoming-poison"] {
        app.queues.put(queue, STANDARD.encode(hostile.to_string())).await;
    }
    let mut letter = None;
    app.eventually("a message is a dead letter", SOON, async || {
        let letters = admin.get("/api/dead-letters").await.json();
        letter = letters["items"][0]["id"].as_str().map(str::to_owned);
        letter.is_some()
    })
    .await;
    let letter = letter.expect("a dead letter has an id");
    admin.post_nothing(&format!("/api/dead-letters/{letter}/replay{code}")).await;
    let withdrawn = buyer.post("/api/orders", &an_order("BEANS")).await;
    let withdrawn = withdrawn.header("location").expect("a location").to_owned();
    buyer.with("if-match", SECRET).put(&withdrawn, &wanted).await;
    buyer.post_nothing(&format!("{withdrawn}/cancel{code}")).await;
    buyer.get(&format!("{withdrawn}/history{code}")).await;
    admin.get(&format!("/api/GetSecretFromKeyVault?secretName={SECRET}")).await;
    admin.get(&format!("/api/openapi.json{code}")).await;
    app.queues.until_empty("orders-fulfilment-poison").await;
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    app.queues.until_empty("orders-fulfilment").await;
    for timer in ["RelayOutbox", "PurgeExpired"] {
        app.host.fire_timer(timer).await.expect("the timer runs");
    }
}

/// Runs the story, and waits until the log has the end of every invocation that the host reported.
async fn heard(mode: Mode, filter: &str) -> EventLog {
    heard_of(Setup::in_mode(mode), filter).await
}

async fn heard_of(setup: Setup, filter: &str) -> EventLog {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}", folder.path().join(SECRET).join("orders.db").display());
    let setup = setup.easyauth(EasyAuthMode::Bypassed).set("ORDERS_LOG", filter);
    let mut app = setup.set("ORDERS_DATABASE_URL", &database).start().await;
    let mut heard = EventLog::default();
    story(&app).await;
    heard
        .until(&mut app, "the last line of every invocation", |heard| {
            let ended = heard.ended();
            heard.invoked.keys().all(|id| ended.contains_key(id))
        })
        .await;
    heard
}

/// A line that holds a secret. Every token and principal header begins with the third: base64 of an object
/// with a member.
fn leak(text: &str) -> Option<&str> {
    let encoded = STANDARD.encode(SECRET);
    let secrets = [SECRET, encoded.trim_end_matches('='), "eyJ"];
    text.lines().find(|line| secrets.iter().any(|secret| line.contains(secret)))
}

fn hold_no_secret(text: &str) {
    assert_eq!(leak(text), None);
}

async fn every_log_line_has_its_invocation_and_no_secret(mode: Mode) {
    let heard = heard(mode, "info").await;
    hold_no_secret(&heard.text);
    for line in &heard.lines {
        let members = line.as_object().expect("a line is an object");
        let kind = kinds().find(|kind| line["event"] == kind.name);
        let kind = kind.unwrap_or_else(|| panic!("no event of the list: {line}"));
        let known = [&FIELDS[..], kind.fields].concat();
        assert_eq!(members.keys().find(|name| !known.contains(&name.as_str())), None, "{line}");
        assert_eq!((&line["level"], &line["message"]), (&json!(kind.level.as_str()), &json!(kind.message)));
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert!(heard.invoked.contains_key(&id(&line["invocation_id"])), "{line}");
        assert_eq!(line["trace_id"].as_str().map(str::len), Some(32), "{line}");
    }
    let ended = heard.ended();
    let people: BTreeSet<String> = [1, 4, 5].map(object_id).into();
    for (id, function) in &heard.invoked {
        let [line] = ended[id][..] else { panic!("{function} ended more than once: {:?}", ended[id]) };
        assert_eq!(line["function"], function.as_str());
        assert!(
            ["ok", "refused", "failed"].contains(&line["outcome"].as_str().unwrap_or_default()),
            "{line}"
        );
        assert!(line["duration_ms"].is_u64(), "{line}");
        let is_anonymous = ["Health", "ApiDescription"].contains(&function.as_str());
        let asks_who = line["trigger"] == "http" && !is_anonymous && line["status"] != 401;
        if asks_who {
            assert_eq!(line["tenant_id"], TENANT, "{line}");
            assert!(line["object_id"].as_str().is_some_and(|object| people.contains(object)), "{line}");
            assert!(line["caller_kind"] == "user" || line["caller_kind"] == "app", "{line}");
        } else {
            assert_eq!((line.get("tenant_id"), line.get("object_id")), (None, None), "{line}");
        }
    }
    assert_eq!(ended.len(), heard.invoked.len(), "nothing but invocations ends");
    let called: BTreeSet<_> = heard.invoked.values().map(String::as_str).collect();
    assert_eq!(called, FUNCTIONS.iter().map(|function| function.name).collect(), "the story is whole");
    let outcomes: BTreeSet<&str> = ended.values().filter_map(|lines| lines[0]["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["ok", "refused"].into());
    assert!(heard.lines.iter().any(|line| line["denied"] == "bearer-malformed"), "the log tells why");
}

#[tokio::test]
async fn mismatched_header_and_token_are_logged() {
    let mut app = Setup::in_mode(Mode::Proxy).easyauth(EasyAuthMode::Bypassed).start().await;
    let (header, token) = (Principal::user(TENANT, 4).role("OrderAdmin"), Principal::user(TENANT, 1));
    let forged = app.anonymous().bearer(&app.token(&token)).with("x-ms-client-principal", &header.header());
    assert_eq!(forged.get("/api/dead-letters").await.status, 401);
    let mut heard = EventLog::default();
    heard.until(&mut app, "the invocation's last line", |heard| !heard.ended().is_empty()).await;
    let events: Vec<_> = heard.lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let [event] = events[..] else { panic!("one event: {events:?}") };
    assert_eq!(
        (&event["reason"], &event["denied"]),
        (&json!("object-disagrees"), &json!("object-disagrees"))
    );
    assert!(event["message"].as_str().is_some_and(|message| message.starts_with("security: ")), "{event}");
}

#[tokio::test]
async fn trace_logs_contain_no_secret() {
    for mode in Mode::ALL {
        let heard = heard(mode, "trace").await;
        assert!(heard.text.contains("\"DEBUG\""), "the filter is heard");
        hold_no_secret(&heard.text);
    }
}

#[tokio::test]
async fn the_search_finds_a_planted_secret() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("leaky.sh");
    let worker = fs::canonicalize(binary()).expect("the binary is there");
    let text = format!("echo '{{\"planted\":\"{SECRET}\"}}'\nexec '{}'\n", worker.display());
    fs::write(&script, text).expect("the script can be written");
    let description = "AzureFunctionsJobHost__customHandler__description";
    let setup = Setup::in_mode(Mode::Proxy)
        .set(&format!("{description}__defaultExecutablePath"), "/bin/sh")
        .set(&format!("{description}__arguments__0"), &script.display().to_string());
    let heard = heard_of(setup, "info").await;
    let planted = json!({ "planted": SECRET }).to_string();
    assert_eq!(leak(&heard.text), Some(planted.as_str()));
}

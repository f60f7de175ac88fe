//! Who may do what: the whole table, in every invocation mode.

use std::{collections::BTreeSet, fs};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use functions_emulator::easyauth::EasyAuthMode;
use serde_json::json;

use crate::support::{
    ABROAD, Client, IdentityMode, Mode, Principal, Reply, Setup, TENANT, TestApp, a_revision, an_order,
    deliver, in_every_mode, repository,
};

in_every_mode!(
    the_access_table_holds,
    a_role_of_another_tenant_grants_no_access,
    easyauth_and_worker_agree_on_real_tokens,
);

const TABLE: &str = include_str!("access.txt");

/// The table's callers and rows.
fn table() -> (Vec<&'static str>, Vec<(&'static str, Vec<u16>)>) {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#')).map(str::split_whitespace);
    let callers = lines.next().expect("a heading").skip(1).collect();
    let row = |mut cells: std::str::SplitWhitespace<'static>| {
        let function = cells.next().expect("a function");
        (function, cells.map(|cell| cell.parse().expect("a status")).collect())
    };
    (callers, lines.map(row).collect())
}

fn caller(app: &TestApp, name: &str) -> Client {
    let creator = || Principal::user(TENANT, 1);
    let with_token =
        |token: String| app.anonymous().bearer(&token).with("x-ms-client-principal", &creator().header());
    match name {
        "anonymous" => app.anonymous(),
        "creator" => app.principal(&creator()),
        "other" => app.principal(&Principal::user(TENANT, 2)),
        "abroad" => app.principal(&Principal::user(ABROAD, 1)),
        "abroad-admin" => app.principal(&staff(Principal::user(ABROAD, 4))),
        "abroad-app" => app.principal(&staff(Principal::app_of(ABROAD, 5))),
        "clerk" => app.principal(&Principal::user(TENANT, 3).role("OrderProcessor")),
        "admin" => app.principal(&Principal::user(TENANT, 4).role("OrderAdmin")),
        "warehouse" => app.principal(&Principal::app(5).role("OrderProcessor")),
        "visitor" => app.principal(&Principal::app(6)),
        "malformed" => app.anonymous().bearer(&app.token(&creator())).with("x-ms-client-principal", "%%%"),
        "twice" => {
            let header = creator().header();
            app.principal(&creator()).with("x-ms-client-principal", &header)
        }
        "unscoped" => app.principal(&creator().without("scp").claim("scp", "Orders.Read")),
        "no-token" => app.anonymous().with("x-ms-client-principal", &creator().header()),
        "no-header" => app.anonymous().bearer(&app.token(&creator())),
        "mixed" => with_token(app.token(&Principal::user(TENANT, 2))),
        "forged" => with_token(tampered(&app.token(&creator()))),
        "expired" => with_token(app.token_issued(&creator(), 24 * 60 * 60)),
        unknown => panic!("the table names a caller that the test does not know: {unknown}"),
    }
}

/// The principal with every app role.
fn staff(principal: Principal) -> Principal {
    principal.role("OrderProcessor").role("OrderAdmin")
}

/// The token with a role that was added after it was signed.
fn tampered(token: &str) -> String {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("a token") };
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("a token");
    let mut claims: serde_json::Value = serde_json::from_slice(&payload).expect("claims");
    claims["roles"] = json!(["OrderAdmin", "OrderProcessor"]);
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

async fn call(app: &TestApp, function: &str, client: &Client) -> Reply {
    match function {
        "CreateOrder" => client.post("/api/orders", &an_order("BEANS")).await,
        "GetOrder" => client.get(&fresh_order(app).await).await,
        "UpdateOrder" => {
            let path = fresh_order(app).await;
            client.with("if-match", "\"1\"").put(&path, &a_revision("BEANS")).await
        }
        "CancelOrder" => client.post_nothing(&format!("{}/cancel", fresh_order(app).await)).await,
        "GetOrderHistory" => client.get(&format!("{}/history", fresh_order(app).await)).await,
        "ListOrders" => client.get("/api/orders").await,
        "ListOrders?scope=all" => client.get("/api/orders?scope=all").await,
        "ProcessOrder" => client.post_nothing(&format!("{}/process", fresh_order(app).await)).await,
        "ListProducts" => client.get("/api/products").await,
        "PutProduct" => {
            let tag = current_tag(app).await;
            let body = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1290});
            client.with("if-match", &tag).put("/api/products/BEANS", &body).await
        }
        "ListDeadLetters" => client.get("/api/dead-letters").await,
        "ReplayDeadLetter" => client.post_nothing(&format!("{}/replay", fresh_letter(app).await)).await,
        "GetSecretFromKeyVault" => client.get("/api/GetSecretFromKeyVault?secretName=any").await,
        "Health" => client.get("/api/health").await,
        "ApiDescription" => client.get("/api/openapi.json").await,
        trigger => {
            client.post(&format!("/{trigger}"), &json!({"Data": {"message": ""}, "Metadata": {}})).await
        }
    }
}

async fn fresh_order(app: &TestApp) -> String {
    caller(app, "creator").place("BEANS").await
}

/// A new dead letter, which no caller may see where no tenant is set.
async fn fresh_letter(app: &TestApp) -> String {
    deliver(app, "orders-fulfilment", "no message").await;
    let letters = caller(app, "admin").get("/api/dead-letters?limit=1").await.json();
    let id = letters["items"][0]["id"].as_str().unwrap_or("01890a5d-ac96-774b-bcce-b302099a8057");
    format!("/api/dead-letters/{id}")
}

async fn current_tag(app: &TestApp) -> String {
    let products = caller(app, "admin").get("/api/products").await.json();
    format!("\"{}\"", products["items"][0]["version"])
}

async fn the_access_table_holds(mode: Mode) {
    let (callers, rows) = table();
    let mut wrong = Vec::new();
    for (evidence, suffix) in [
        (IdentityMode::Both, ""),
        (IdentityMode::Header, "@easyauth"),
        (IdentityMode::HeaderOfAnyTenant, "@any-tenant"),
        (IdentityMode::Token, "@jwt"),
    ] {
        let setup = Setup::in_mode(mode).identity_mode(evidence).easyauth(EasyAuthMode::Bypassed);
        let app = setup.stocked("BEANS").start().await;
        let ours = rows.iter().filter(|(name, _)| &name[name.find('@').unwrap_or(name.len())..] == suffix);
        for (name, expected) in ours {
            let function = name.strip_suffix(suffix).expect("it ends with that");
            assert_eq!(expected.len(), callers.len(), "{name} has a cell for each caller");
            for (caller_name, expected) in callers.iter().zip(expected) {
                let reply = call(&app, function, &caller(&app, caller_name)).await;
                if reply.status != *expected {
                    wrong.push(format!("{name} x {caller_name}: {} instead of {expected}", reply.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{mode:?}:\n{}", wrong.join("\n"));
}

/// Such a caller sees nothing else either, and the orders of their tenant stay apart from ours.
async fn a_role_of_another_tenant_grants_no_access(mode: Mode) {
    let setup =
        Setup::in_mode(mode).identity_mode(IdentityMode::HeaderOfAnyTenant).easyauth(EasyAuthMode::Bypassed);
    let app = setup.stocked("BEANS").start().await;
    let (ours, theirs) = (fresh_order(&app).await, caller(&app, "abroad").place("BEANS").await);
    for name in ["abroad-admin", "abroad-app"] {
        let staff = caller(&app, name);
        let all = staff.get("/api/orders?scope=all").await.json();
        let listed: Vec<_> = all["items"].as_array().expect("items").iter().map(|item| &item["id"]).collect();
        assert_eq!(listed, [theirs.trim_start_matches("/api/orders/")], "{name}");
        assert_eq!(staff.get(&ours).await.status, 404, "{name}");
        assert_eq!(staff.get(&theirs).await.status, 200, "{name}");
        assert_eq!(staff.post_nothing(&format!("{ours}/process")).await.status, 404, "{name}");
    }
    assert_eq!(caller(&app, "creator").get(&ours).await.json()["status"], "placed");
}

async fn easyauth_and_worker_agree_on_real_tokens(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    for (person, expected) in [
        ("buyer", 200),
        ("neighbour", 404),
        ("buyer-abroad", 401),
        ("clerk", 200),
        ("admin", 200),
        ("warehouse", 200),
        ("visitor", 403),
    ] {
        assert_eq!(app.user(person).get(&location).await.status, expected, "{person}");
    }
    assert_eq!(app.anonymous().get(&location).await.status, 401);
}

#[test]
fn every_function_has_a_row() {
    let rows: BTreeSet<String> =
        table().1.iter().map(|(name, _)| name.split(['?', '@']).next().expect("a name").to_owned()).collect();
    let folders: BTreeSet<String> = fs::read_dir(repository().join("functions"))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    assert_eq!(rows, folders);
}

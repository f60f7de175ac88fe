//! Users, their tokens, and keys.

use std::{collections::HashMap, path::Path};

use functions_emulator::{
    access_keys::{AccessKey, AccessKeys},
    easyauth::EasyAuthMode,
    users::Users,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, an_app, refused};
use crate::app::{Running, TestApp, client};

async fn with_users() -> Running {
    let mut app = an_app();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/users.json");
    app.options.users = Some(Users::load(&file).unwrap());
    app.options.easyauth = EasyAuthMode::On;
    app.start().await
}

#[tokio::test]
async fn a_call_is_made_as_a_user_or_anonymously() {
    let running = with_users().await;
    let page = Page::open(&running).await;
    let call =
        |user: Value| page.post("calls", json!({"method": "GET", "path": "/api/ok_hello", "user": user}));
    let known = call(json!("keeper")).await;
    assert_eq!((&known["status"], &known["user"]), (&json!(200), &json!("keeper")));
    assert!(known["workerRequest"].to_string().to_lowercase().contains("x-ms-client-principal"));
    let anonymous = call(json!(null)).await;
    assert_eq!(
        (&anonymous["status"], &anonymous["workerRequest"], &anonymous["function"]),
        (&json!(401), &json!(null), &json!(null))
    );
    running.advance(2 * 60 * 60);
    let again = page.post(&format!("calls/{}/replay", known["number"]), json!({})).await;
    assert_eq!(
        (&again["status"], &again["user"]),
        (&json!(200), &json!("keeper")),
        "with a token that is valid now"
    );
}

#[tokio::test]
async fn a_call_from_elsewhere_shows_the_user_whose_token_it_brought() {
    let running = with_users().await;
    let page = Page::open(&running).await;
    let token = page.post("users/keeper/token", json!({})).await["token"].as_str().unwrap().to_owned();
    let call = |token: String| {
        let request = client().get(format!("{}/api/ok_hello", running.host.url()));
        async move { request.bearer_auth(token).send().await.unwrap().status().as_u16() }
    };
    assert_eq!(call(token).await, 200);
    let last = page.get("calls").await[0].clone();
    assert_eq!((&last["caller"], &last["user"]), (&json!("keeper"), &json!(null)));
    assert_eq!(call("none".to_owned()).await, 401);
    assert_eq!(page.get("calls").await[0]["caller"], json!(null));
}

#[tokio::test]
async fn every_user_gets_a_token_that_easyauth_accepts() {
    let running = with_users().await;
    let page = Page::open(&running).await;
    let users = page.get("overview").await["users"].clone();
    assert_eq!(users["tenant"], "0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10");
    assert_eq!(users["all"][0]["roles"], json!(["Keeper", "Reader"]));
    for wish in [json!({}), json!({"roles": ["Other"], "minutes": 5})] {
        let token = page.post("users/keeper/token", wish).await["token"].as_str().unwrap().to_owned();
        let header = ["Authorization".to_owned(), format!("Bearer {token}")];
        let call =
            page.post("calls", json!({"method": "GET", "path": "/api/ok_hello", "headers": [header]})).await;
        assert_eq!(call["status"], 200);
    }
    let expired = page.post("users/keeper/token", json!({"minutes": 0})).await["token"].clone();
    assert!(expired.is_string(), "for tests of what checks tokens");
    let stranger = page.request(Method::POST, "users/stranger/token").json(&json!({}));
    assert_eq!(refused(stranger).await, (404, "no user is named \"stranger\"".to_owned()));
}

#[tokio::test]
async fn keys_are_named_and_a_call_is_made_with_one_or_without() {
    let key = |value: &str| AccessKey { name: "default".to_owned(), value: value.to_owned() };
    let function = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "function" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let mut app = TestApp::new().function("ok_locked", &function);
    app.options.keys = Some(AccessKeys {
        master: "m".to_owned(),
        host: vec![key("h")],
        functions: HashMap::from([("ok_locked".to_owned(), vec![key("f")])]),
    });
    let running = app.start().await;
    let page = Page::open(&running).await;
    let names = page.get("overview").await["keys"].clone();
    assert_eq!(names, json!(["master", "host/default", "function/ok_locked/default"]));
    for name in names.as_array().unwrap() {
        let call = page.post("calls", json!({"method": "GET", "path": "/api/ok_locked", "key": name})).await;
        assert_eq!(call["status"], 200, "{name}");
    }
    assert_eq!(page.call("/api/ok_locked").await["status"], 401);
}

#[test]
fn an_app_without_a_users_file_gets_default_users() {
    let folder = tempfile::tempdir().unwrap();
    let names = |users: &Users| users.iter().map(|user| user.name.clone()).collect::<Vec<_>>();
    let anybody = Users::from_app_folder(folder.path()).unwrap();
    assert_eq!(names(&anybody), ["user", "other-user", "admin", "program"]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/users.json");
    std::fs::copy(file, folder.path().join("functions-emulator.json")).unwrap();
    assert_eq!(names(&Users::from_app_folder(folder.path()).unwrap())[0], "keeper");
    std::fs::write(folder.path().join("functions-emulator.json"), "{").unwrap();
    assert!(Users::from_app_folder(folder.path()).is_err(), "a broken file is not passed over");
}

//! Settings and environment: where each comes from, and no secret.

use functions_emulator::access_keys::{AccessKey, AccessKeys};
use serde_json::{Value, json};

use super::{Page, an_app};

const SECRET: &str = "s3cr3t-v4lue";

fn found<'a>(settings: &'a Value, section: &str, name: &str) -> &'a Value {
    let all = settings[section].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is not in {all:?}"))
}

#[tokio::test]
async fn each_variable_says_where_it_comes_from_and_what_it_overrides() {
    let app = an_app().setting("REGION", "north").setting("FROM_FILE", "same").setting("FROM_BOTH", "flag");
    let local =
        json!({"IsEncrypted": false, "Values": {"ORDERS_UNIT": "a", "REGION": "south", "PATH": "nowhere"}});
    app.write("local.settings.json", &local.to_string());
    let file = json!({"options": {"openapi": "/api/ok_hello", "build": "true", "settings": {"FROM_FILE": "same", "FROM_BOTH": "file"}}});
    app.write("functions-emulator.json", &file.to_string());
    let running = app.start().await;
    let settings = Page::open(&running).await.get("settings").await;
    let variable = |name: &str| {
        let one = found(&settings, "environment", name);
        (one["from"].clone(), one["overridden"].clone())
    };
    assert_eq!(variable("ORDERS_UNIT"), (json!("local.settings.json"), json!([])));
    assert_eq!(variable("REGION"), (json!("--setting"), json!(["local.settings.json"])));
    assert_eq!(variable("FROM_FILE"), (json!("functions-emulator.json"), json!([])));
    assert_eq!(variable("FROM_BOTH"), (json!("--setting"), json!([])));
    assert_eq!(variable("PATH"), (json!("shell"), json!(["local.settings.json"])));
    assert_eq!(variable("FUNCTIONS_WORKER_RUNTIME"), (json!("default"), json!([])));
    let port = found(&settings, "environment", "FUNCTIONS_CUSTOMHANDLER_PORT");
    assert_eq!((&port["from"], &port["withheld"]), (&json!("host"), &json!(false)));
    assert!(port["value"].as_str().unwrap().parse::<u16>().is_ok(), "{port}");
    assert_eq!(found(&settings, "options", "easyauth")["value"], "off");
    assert_eq!(
        found(&settings, "options", "openapi")["from"],
        "default",
        "the host was not started with the file"
    );
    assert_eq!(found(&settings, "options", "build")["withheld"], true);
}

#[tokio::test]
async fn no_value_is_told_unless_its_name_is_known_to_be_harmless() {
    let in_a_value = format!("info,password={SECRET};AccountKey={SECRET}");
    let mut app = an_app()
        .setting("Password", SECRET)
        .setting("ORDERS_ANYTHING", SECRET)
        .setting("AzureWebJobsMine", &format!("AccountName=a;AccountKey={SECRET}"))
        .setting("RUST_LOG", &in_a_value)
        .setting("TZ", "Europe/Oslo");
    app.options.keys = Some(AccessKeys {
        master: SECRET.to_owned(),
        host: vec![AccessKey { name: "default".to_owned(), value: SECRET.to_owned() }],
        functions: std::collections::HashMap::new(),
    });
    let local =
        json!({"IsEncrypted": false, "Values": {"LOCAL": SECRET}, "ConnectionStrings": {"Mine": SECRET}});
    app.write("local.settings.json", &local.to_string());
    let file = json!({"options": {"build": format!("TOKEN={SECRET} true"), "settings": {"A": SECRET}}});
    app.write("functions-emulator.json", &file.to_string());
    let running = app.start().await;
    let page = Page::open(&running).await;
    let settings = page.get("settings").await;
    assert!(!settings.to_string().contains(SECRET), "{settings}");
    for name in ["Password", "ORDERS_ANYTHING", "AzureWebJobsMine", "RUST_LOG", "LOCAL", "PATH"] {
        let one = found(&settings, "environment", name);
        assert_eq!((&one["value"], &one["withheld"]), (&json!(null), &json!(true)), "{name}");
    }
    assert_eq!(found(&settings, "environment", "TZ")["value"], "Europe/Oslo");
    assert_eq!(found(&settings, "options", "keys")["value"], json!(null));
    for path in ["overview", "lines", "calls"] {
        assert!(!page.get(path).await.to_string().contains(SECRET), "{path}");
    }
}

//! `token` and `queues`, as somebody types them.

use serde_json::json;

use crate::{
    app::{TestApp, client},
    remote::Remote,
};

#[tokio::test]
async fn a_token_of_the_running_emulator_passes_easyauth() {
    let users = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/users.json");
    let remote = Remote::with(TestApp::new().http("ok"), &["--users", users, "--easyauth", "on"]).await;
    let printed = remote.run(&["token", "keeper"]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    let json = remote.run(&["token", "keeper", "--role", "Other", "--minutes", "5", "--json"]).await.json();
    for token in [printed.out.trim(), json["token"].as_str().expect("a token")] {
        let call = client().get(format!("http://127.0.0.1:{}/api/ok", remote.port)).bearer_auth(token);
        assert_eq!(call.send().await.expect("an answer").status(), 200);
    }
    let unknown = remote.run(&["token", "kepeer"]).await;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("Did you mean `keeper`?"), "{}", unknown.err);
}

#[tokio::test]
async fn queues_are_listed_filled_and_emptied() {
    let remote = Remote::start(TestApp::new().queue_of_type("ok_job", "jobs", "string")).await;
    let put = remote.run(&["queues", "put", "jobs", "--data", "later", "--delay", "600"]).await;
    assert_eq!((put.code, put.err.as_str()), (Some(0), ""));
    let listed = remote.run(&["queues", "list"]).await;
    assert_eq!((listed.code, listed.err.as_str()), (Some(0), ""));
    let lines: Vec<Vec<&str>> =
        listed.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["QUEUE", "VISIBLE", "HIDDEN", "READ", "BY"]);
    assert_eq!(lines[1], ["jobs", "0", "1", "ok_job"]);
    assert_eq!(lines[2], ["jobs-poison", "0", "0", "-"]);
    let shown = remote.run(&["queues", "peek", "Jobs"]).await;
    assert!(
        shown.out.starts_with(put.out.trim()) && shown.out.contains("(dequeue count 0, hidden)\nlater\n"),
        "{}",
        shown.out
    );
    let messages = remote.run(&["queues", "peek", "jobs", "--json"]).await.json();
    assert_eq!((&messages[0]["text"], &messages[0]["decoded"]), (&json!("later"), &json!(true)));
    let purged = remote.run(&["queues", "purge", "jobs", "--json"]).await.json();
    assert_eq!(purged, json!({ "queue": "jobs", "removed": 1 }));
    assert_eq!(remote.run(&["queues", "peek", "jobs"]).await.out, "");
}

#[tokio::test]
async fn a_put_message_starts_its_function() {
    let mut remote = Remote::start(TestApp::new().queue_of_type("ok_job", "jobs", "string")).await;
    let put = remote.run(&["queues", "put", "jobs", "--example", "queue-text", "--json"]).await;
    assert!(put.json()["id"].is_string());
    assert_eq!(remote.invoked("ok_job").await["Data"]["job"], "\"the first job\"");
}

#[tokio::test]
async fn a_queue_that_is_misspelt_is_told_so() {
    let remote = Remote::start(TestApp::new().queue("ok_job", "jobs")).await;
    for action in ["peek", "purge"] {
        let unknown = remote.run(&["queues", action, "jbos"]).await;
        assert_eq!(unknown.code, Some(2));
        assert!(unknown.err.contains("there is no queue `jbos`. Did you mean `jobs`?"), "{}", unknown.err);
    }
    let put = remote.run(&["queues", "put", "jbos", "--data", "x"]).await;
    assert_eq!(put.code, Some(0));
    assert!(put.err.contains("no function reads the queue jbos; did you mean `jobs`?"), "{}", put.err);
    let empty = remote.run(&["queues", "put", "jobs"]).await;
    assert_eq!(empty.code, Some(2));
    let name = remote.run(&["queues", "put", "not a name", "--data", "x"]).await;
    assert_eq!(name.code, Some(2));
    assert!(name.err.contains("is no name for a queue"), "{}", name.err);
}

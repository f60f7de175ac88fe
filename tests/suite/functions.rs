//! The list in code and the folders that the host reads say the same.

use std::{env, fs};

use orders_worker::functions::{self, FUNCTIONS};
use serde_json::{Value, json};

use crate::support::repository;

#[test]
fn every_folder_says_what_the_list_says() {
    let folders = repository().join("functions");
    if env::var_os("REWRITE").is_some() {
        FUNCTIONS.write_function_json(&folders).expect("the files can be written");
    }
    FUNCTIONS.check_function_json(folders).expect("`cargo xtask generate` writes them");
}

#[test]
fn host_json_says_what_the_code_relies_on() {
    let text = fs::read_to_string(repository().join("host.json")).expect("it is there");
    let host: Value = serde_json::from_str(&text).expect("JSON");
    let custom = &host["customHandler"];
    assert_eq!(custom["description"]["defaultExecutablePath"], "orders-worker");
    assert_eq!(
        (&custom["enableProxyingHttpRequest"], &custom["enableForwardingHttpRequest"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(host["functionTimeout"], "00:05:00");
    assert_eq!(host["extensions"]["http"]["routePrefix"], functions::PREFIX);
    assert_eq!(host["extensions"]["http"]["hsts"]["isEnabled"], true, "answers carry it in Azure");
    let queues = json!({
        "messageEncoding": "none", "batchSize": 16, "newBatchThreshold": 8,
        "visibilityTimeout": "00:01:00", "maxDequeueCount": 60,
    });
    assert_eq!(host["extensions"]["queues"], queues);
}

#[test]
fn host_json_lets_every_line_of_the_worker_reach_application_insights() {
    let text = fs::read_to_string(repository().join("host.json")).expect("it is there");
    let host: Value = serde_json::from_str(&text).expect("JSON");
    let logging = &host["logging"];
    // The host gives what stands on stdout this category and the level Information (protocol sheet §1.8).
    assert_eq!(logging["logLevel"]["Host.Function.Console"], "Information");
    // With the default alone, every poll of an idle queue is logged by the storage client: 149 KB a minute.
    assert_eq!(logging["logLevel"]["Azure.Core"], "Warning");
    let excluded = logging["applicationInsights"]["samplingSettings"]["excludedTypes"].as_str();
    assert!(excluded.is_some_and(|types| types.split(';').any(|kind| kind == "Trace")), "{excluded:?}");
}

//! The list in code and the folders that the host reads say the same.

use std::{collections::BTreeMap, fs};

use orders_worker::functions;
use serde_json::{Value, json};

use crate::support::repository;

#[test]
fn every_folder_says_what_the_list_says() {
    let listed: BTreeMap<String, Value> = functions::all()
        .iter()
        .map(|function| (function.name.to_owned(), functions::definition(function)))
        .collect();
    let folders: BTreeMap<String, Value> = fs::read_dir(repository().join("functions"))
        .expect("the folder is there")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text =
                fs::read_to_string(entry.path().join("function.json")).expect("it holds function.json");
            let name = entry.file_name().into_string().expect("a name");
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    assert_eq!(listed, folders);
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

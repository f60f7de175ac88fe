//! The list in code equals the folders that the host reads.

use std::{env, fs, path::PathBuf};

use orders_worker::functions::{self, FUNCTIONS};
use serde_json::{Value, json};

use crate::{architecture::sources, support::repository};

#[test]
fn every_function_json_matches_the_registry() {
    let folders = repository().join("functions");
    if env::var_os("REWRITE").is_some() {
        FUNCTIONS.write_function_json(&folders).expect("the files can be written");
    }
    FUNCTIONS.check_function_json(folders).expect("`cargo xtask generate` writes them");
}

#[test]
fn host_json_matches_the_code() {
    let text = fs::read_to_string(repository().join("host.json")).expect("it is there");
    let host: Value = serde_json::from_str(&text).expect("JSON");
    let custom = &host["customHandler"];
    assert_eq!(custom["description"]["defaultExecutablePath"], "orders-worker");
    assert_eq!(
        (&custom["enableProxyingHttpRequest"], &custom["enableForwardingHttpRequest"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(host["functionTimeout"], "00:05:00");
    assert_eq!(host["extensions"]["http"]["routePrefix"], functions::ROUTE_PREFIX);
    assert_eq!(host["extensions"]["http"]["hsts"]["isEnabled"], true, "answers carry it in Azure");
    let queues = json!({
        "messageEncoding": "none", "batchSize": 16, "newBatchThreshold": 8,
        "visibilityTimeout": "00:01:00", "maxDequeueCount": 60,
    });
    assert_eq!(host["extensions"]["queues"], queues);
}

#[test]
fn host_json_sends_every_log_line_to_application_insights() {
    let text = fs::read_to_string(repository().join("host.json")).expect("it is there");
    let host: Value = serde_json::from_str(&text).expect("JSON");
    let logging = &host["logging"];
    // The host logs lines on stdout with this category and the level Information:
    // docs/reference/host-protocol.md#standard-output.
    assert_eq!(logging["logLevel"]["Host.Function.Console"], "Information");
    // With the default alone, every poll of an idle queue is logged by the storage client: 149 KB a minute.
    assert_eq!(logging["logLevel"]["Azure.Core"], "Warning");
    let excluded = logging["applicationInsights"]["samplingSettings"]["excludedTypes"].as_str();
    assert!(excluded.is_some_and(|types| types.split(';').any(|kind| kind == "Trace")), "{excluded:?}");
}

/// The text of each file below src/, but for tests.
fn code() -> Vec<(PathBuf, String)> {
    let files = sources(&repository().join("src")).into_iter();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("UTF-8");
        (file, text)
    };
    files
        .filter(|file| !file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests")))
        .map(read)
        .collect()
}

#[test]
fn function_names_occur_only_in_list_and_handler() {
    let code = code();
    for function in FUNCTIONS.iter() {
        let handler: String = function.name.chars().fold(String::new(), |mut file, letter| {
            if letter.is_uppercase() && !file.is_empty() {
                file.push('_');
            }
            file.extend(letter.to_lowercase());
            file
        });
        let handler = format!("{handler}.rs");
        let names_it = |text: &str| {
            text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == function.name)
        };
        let files: Vec<_> = code
            .iter()
            .filter(|(file, text)| !file.ends_with(&handler) && names_it(text))
            .map(|(file, _)| file.strip_prefix(repository().join("src")).expect("it is below src").to_owned())
            .collect();
        assert_eq!(files, [PathBuf::from("functions.rs")], "{}", function.name);
    }
}

#[test]
fn the_worker_does_not_duplicate_the_protocol() {
    const OF_THE_PROTOCOL: [&str; 5] =
        ["Envelope", "X-Azure-Functions-", "\"Outputs\"", "\"ReturnValue\"", "\"Metadata\""];
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '"');
    for (file, text) in code() {
        let found = text.split(|letter: char| !is_part(letter)).find(|word| {
            OF_THE_PROTOCOL.iter().any(|name| word == name || (name.ends_with('-') && word.starts_with(name)))
        });
        assert_eq!(found, None, "{}", file.display());
    }
}

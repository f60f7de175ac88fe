//! The crates for others know nothing of orders, and no file grows past reading.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::repository;

/// Every Rust file below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn is_of_the_domain(word: &str) -> bool {
    let word = word.to_lowercase();
    ["order", "orders", "product", "products", "sku", "skus"].contains(&word.as_str())
        || word.starts_with("fulfil")
}

#[test]
fn the_published_crates_know_nothing_of_the_domain() {
    let root = repository();
    let files = sources(&root.join("crates"));
    assert!(files.len() > 30, "the folders are where this test looks");
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8").replace("WEBSITE_SKU", "");
        let word = text.split(|letter: char| !letter.is_alphanumeric()).find(|word| is_of_the_domain(word));
        assert_eq!(word, None, "{}", file.display());
    }
}

/// The modules of our own that a file names.
fn named_modules(text: &str) -> Vec<&str> {
    let names = text.split("crate::").skip(1).map(|rest| rest.trim_start_matches('{').trim_start());
    names
        .map(|rest| {
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or(rest)
        })
        .collect()
}

#[test]
fn the_domain_knows_none_of_the_other_modules() {
    let src = repository().join("src");
    let mut files = sources(&src.join("orders"));
    files.push(src.join("orders.rs"));
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let foreign = named_modules(&text).into_iter().find(|name| *name != "orders");
        assert_eq!(foreign, None, "{}", file.display());
    }
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let root = repository();
    for folder in ["src", "tests", "crates", "examples", "tools"] {
        for file in sources(&root.join(folder)) {
            let lines = fs::read_to_string(&file).expect("UTF-8").lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn whatever_the_worker_logs_stands_in_its_list_of_events() {
    let root = repository();
    let folders = ["src", "crates/azure-functions-handler/src"];
    for file in folders.iter().flat_map(|folder| sources(&root.join(folder))) {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let is_test = file.ends_with("tests.rs") || file.iter().any(|part| part == "tests");
        if is_test
            || file.ends_with("azure-functions-handler/src/event.rs")
            || file.ends_with("store/sabotage.rs")
        {
            continue;
        }
        let loud = ["event!(", "error!(", "warn!(", "info!(", "debug!(", "trace!("];
        let stray = loud.into_iter().find(|name| text.contains(&format!("tracing::{name}")));
        assert_eq!(stray, None, "{}: make it an event of telemetry::Event", file.display());
    }
}

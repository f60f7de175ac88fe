//! The text of statements is constant: what the type `&'static str` lets through, and is made while the worker runs.

use std::{fs, path::Path};

use crate::{architecture::sources, support::repository};

/// Types that fill a static once, while the worker runs; a borrow from such a static is a `&'static str`.
const FILLED_LATER: [&str; 6] = ["LazyLock<", "OnceLock<", "LazyCell<", "OnceCell<", "Mutex<", "RwLock<"];
/// What holds text.
const TEXT: [&str; 4] = ["String", "str>", "Cow<", "Bytes"];

/// The type of each static item.
fn statics(text: &str) -> Vec<String> {
    let items = text.split('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line.trim_start()))
    });
    let is_static = |line: &str| {
        let line =
            line.strip_prefix("pub").map_or(line, |rest| rest.split_once(' ').map_or("", |(_, rest)| rest));
        line.starts_with("static ")
    };
    let items = items.filter(|(_, line)| is_static(line));
    items.map(|(start, _)| text[start..].split([';', '=']).next().unwrap_or_default().to_owned()).collect()
}

fn holds(item: &str, words: &[&str]) -> bool {
    words.iter().any(|word| item.contains(word))
}

/// Files whose static holds text that is made while the worker runs.
fn with_later_text(files: &[(String, String)]) -> Vec<&str> {
    let made_later =
        |text: &str| statics(text).iter().any(|item| holds(item, &FILLED_LATER) && holds(item, &TEXT));
    files.iter().filter(|(_, text)| made_later(text)).map(|(name, _)| name.as_str()).collect()
}

fn below(folder: &Path) -> Vec<(String, String)> {
    let read = |path: &Path| fs::read_to_string(path).expect("UTF-8");
    sources(folder).iter().map(|path| (path.display().to_string(), read(path))).collect()
}

#[test]
fn no_sql_is_built_at_runtime() {
    let store = below(&repository().join("src/store"));
    assert!(store.len() > 30, "the folder is where this test looks");
    assert_eq!(with_later_text(&store), [""; 0]);
    for item in [
        "static S: LazyLock<String> = LazyLock::new(|| format!(\"SELECT {}\", 1));",
        "    pub(super) static S: OnceLock<Box<str>> = OnceLock::new();",
        "pub static S:\n    LazyLock<Vec<String>> = LazyLock::new(Vec::new);",
    ] {
        let file = [("a.rs".to_owned(), format!("fn f() {{}}\n{item}\n"))];
        assert_eq!(with_later_text(&file), ["a.rs"], "{item}");
    }
}

#[test]
fn the_lint_bans_every_way_to_leak_a_string() {
    let lint = fs::read_to_string(repository().join(".clippy.toml")).expect("the lint's settings");
    for (list, names) in [
        ("disallowed-types", &["sqlx::AssertSqlSafe", "sqlx::QueryBuilder"][..]),
        (
            "disallowed-methods",
            &[
                "sqlx::AssertSqlSafe",
                "std::string::String::leak",
                "std::boxed::Box::leak",
                "std::vec::Vec::leak",
            ],
        ),
    ] {
        let (_, rest) = lint.split_once(&format!("{list} = [")).expect("the list is there");
        let (entries, _) = rest.split_once("\n]").expect("it ends");
        for name in names {
            assert!(entries.contains(&format!("path = \"{name}\"")), "{list} lacks {name}");
        }
    }
    for (name, text) in below(&repository().join("src/store")) {
        let is_test = name.contains("/tests");
        assert!(is_test || !text.contains("clippy::disallowed"), "{name} lifts the lint");
    }
}

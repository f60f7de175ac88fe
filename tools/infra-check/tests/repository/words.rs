//! Words that a reader has to look up.

use crate::{
    files::{File, all},
    markdown::without_links,
};

/// Rare words, taken apart so that this file does not hold them.
const RARE: [&str; 14] = [
    concat!("no", "body"),
    concat!("who", "ever"),
    concat!("who", "mever"),
    concat!("who", "m"),
    concat!("me", "nd"),
    concat!("me", "nds"),
    concat!("me", "nded"),
    concat!("me", "nding"),
    concat!("be", "fall"),
    concat!("be", "falls"),
    concat!("be", "fallen"),
    concat!("be", "fell"),
    concat!("dee", "d"),
    concat!("dee", "ds"),
];
/// Documents that are not in the repository.
const PRIVATE: [&str; 5] = [
    concat!("protocol ", "sheet"),
    concat!("identity ", "sheet"),
    concat!("infra ", "sheet"),
    concat!("infrastructure ", "sheet"),
    concat!("contract ", "\u{a7}"),
];
/// Files that may contain one of the words, because it is the name of a Unix account.
const NAMES: [&str; 2] =
    ["tools/test-servers/src/postgres/error.rs", "tools/test-servers/src/postgres/account.rs"];

fn is_licence(file: &File) -> bool {
    file.path.rsplit('/').next().is_some_and(|name| name.starts_with("LICENSE"))
}

/// What a check finds, as `path:line: what`.
fn found(file: &File, what: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    lines.filter_map(|(at, line)| Some(format!("{}:{}: {}", file.path, at + 1, what(line)?))).collect()
}

#[test]
fn no_text_or_name_has_a_rare_word() {
    let rare = |line: &str| {
        let words = line.split(|one: char| !one.is_alphabetic());
        words.map(str::to_lowercase).find(|word| RARE.contains(&word.as_str()))
    };
    let files = all();
    let own = files.iter().filter(|file| !is_licence(file) && !NAMES.contains(&file.path.as_str()));
    let faults: Vec<_> = own.flat_map(|file| found(file, rare)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_missing_document_is_cited() {
    let faults = all().into_iter().filter_map(|file| {
        let lines = file.text.lines().map(|line| line.trim().trim_start_matches(['/', '!', '#', '*']).trim());
        let text = lines.collect::<Vec<_>>().join(" ").to_lowercase();
        let phrase = PRIVATE.into_iter().find(|phrase| text.contains(phrase))?;
        Some(format!("{}: {phrase}", file.path))
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn section_signs_occur_only_in_links() {
    let faults = all().into_iter().filter_map(|file| {
        let text = without_links(&file.text);
        let line = text.lines().find(|line| line.contains('\u{a7}'))?;
        Some(format!("{}: {}", file.path, line.trim()))
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

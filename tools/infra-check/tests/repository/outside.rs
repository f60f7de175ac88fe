//! The links that leave the repository.

use std::{collections::BTreeSet, env, fs};

use crate::{
    files::{File, all, root},
    markdown::without_code,
};

const LIST: &str = "docs/links.txt";
/// Addresses in the texts of code that are shown to people as sources of a fact.
fn is_source(address: &str) -> bool {
    let of_github = ["/issues/", "/blob/"].iter().any(|part| address.contains(part));
    address.starts_with("https://learn.microsoft.com/")
        || address.starts_with("https://github.com/") && of_github
}
/// Addresses that are made up, or on this machine.
const MADE_UP: [&str; 5] = ["localhost", "127.0.0.1", "example.com", "example.net", "example.org"];

/// Every address in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("http").map(|(at, _)| &text[at..]);
    starts.filter(|rest| rest.starts_with("http://") || rest.starts_with("https://")).filter_map(|rest| {
        let ends = |one: char| one.is_whitespace() || "<>()[]{}\"'`|\\".contains(one);
        let end = rest.find(ends).unwrap_or(rest.len());
        // A template is no address.
        let is_whole = !rest[end..].starts_with('{');
        is_whole.then(|| rest[..end].trim_end_matches(['.', ',', ';', ':', '*', '…']))
    })
}

fn is_outside(address: &str) -> bool {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '#', '?', ':']).next().unwrap_or_default();
    let is_made_up = MADE_UP.contains(&host) || host.ends_with(".example") || host.ends_with(".invalid");
    host.contains('.') && !is_made_up && !address.contains("/OWNER/")
}

/// The links of prose, and the sources that code names.
fn links(file: &File) -> Vec<String> {
    let prose = without_code(&file.prose());
    let mut links: Vec<_> = addresses(&prose).filter(|one| is_outside(one)).map(str::to_owned).collect();
    if file.ending() == "rs" && !file.path.contains("/tests/") {
        // A long text goes on in the next line.
        let joined: String = file.text.split("\\\n").map(str::trim_start).collect();
        links.extend(addresses(&joined).filter(|one| is_source(one)).map(str::to_owned));
    }
    links
}

/// `cargo xtask generate` writes the list; a scheduled workflow looks its addresses up.
#[test]
fn the_external_link_list_is_current() {
    let links: BTreeSet<_> = all().iter().filter(|file| file.path != LIST).flat_map(links).collect();
    let mut text = links.into_iter().collect::<Vec<_>>().join("\n");
    text.push('\n');
    let path = root().join(LIST);
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &text).expect("the list is written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let [listed, linked]: [BTreeSet<_>; 2] = [&committed, &text].map(|text| text.lines().collect());
    let missing: Vec<_> = linked.difference(&listed).collect();
    let unused: Vec<_> = listed.difference(&linked).collect();
    assert!(missing.is_empty() && unused.is_empty(), "missing: {missing:#?}\nnot linked: {unused:#?}");
    assert_eq!(committed, text, "each once, in sequence");
}

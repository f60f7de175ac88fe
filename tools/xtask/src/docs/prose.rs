//! The sentences of the documents and of the doc comments.

use std::{fs, path::Path};

use anyhow::Context as _;
use project::{Project, read};

/// A sentence and where its paragraph begins.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Sentence {
    pub(super) text: String,
    /// `file:line`.
    pub(super) place: String,
}

/// Folders whose texts are made or come from elsewhere.
const FOREIGN: [&str; 5] = ["target", "node_modules", "recordings", "worlds", "mutants.out"];
/// Shorter ones are headings or words of a table.
const FEWEST_WORDS: usize = 4;

/// Those of all documents and all code.
pub(super) fn all(project: &Project) -> anyhow::Result<Vec<Sentence>> {
    let mut found = Vec::new();
    folder(project.root(), project.root(), &mut found)?;
    Ok(found)
}

fn folder(root: &Path, path: &Path, found: &mut Vec<Sentence>) -> anyhow::Result<()> {
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                folder(root, &path, found)?;
            }
            continue;
        }
        let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("md") if kind.is_file() => sentences(&read(&path)?, &place, found),
            Some("rs") => sentences(&doc_comments(&read(&path)?), &place, found),
            _ => (),
        }
    }
    Ok(())
}

/// The doc comments of a file; every other line becomes an empty one.
fn doc_comments(code: &str) -> String {
    let comment = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
        Some(text.strip_prefix(' ').unwrap_or(text).to_owned())
    };
    code.lines().map(|line| comment(line).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn sentences(markdown: &str, place: &str, found: &mut Vec<Sentence>) {
    for (line, paragraph) in paragraphs(markdown) {
        let sentences =
            split(&paragraph).into_iter().filter(|text| text.split_whitespace().count() >= FEWEST_WORDS);
        found.extend(sentences.map(|text| Sentence { text, place: format!("{place}:{line}") }));
    }
}

/// Paragraphs, entries of lists and cells of tables, each with the line where it begins; no headings and no code.
fn paragraphs(markdown: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut goes_on, mut is_code) = (false, false);
    for (at, line) in (1..).zip(markdown.lines()) {
        let text = line.trim();
        if text.starts_with("```") {
            (goes_on, is_code) = (false, !is_code);
        } else if is_code || text.is_empty() || text.starts_with(['#', '<']) {
            goes_on = false;
        } else if let Some(row) = text.strip_prefix('|') {
            goes_on = false;
            found.extend(row.split('|').map(|cell| (at, cell.trim().to_owned())));
        } else if let Some(entry) = entry(text) {
            found.push((at, entry.to_owned()));
            goes_on = true;
        } else if let (true, Some((_, paragraph))) = (goes_on, found.last_mut()) {
            *paragraph = format!("{paragraph} {text}");
        } else {
            found.push((at, text.to_owned()));
            goes_on = true;
        }
    }
    found
}

/// What stands behind the mark of a list's entry.
fn entry(text: &str) -> Option<&str> {
    let numbered = || text.trim_start_matches(|one: char| one.is_ascii_digit()).strip_prefix(". ");
    let is_number = text.starts_with(|one: char| one.is_ascii_digit());
    text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")).or_else(|| numbered().filter(|_| is_number))
}

/// A sentence ends at `.`, `!` or `?` where a new one begins with a capital, or at the end.
fn split(paragraph: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut rest = paragraph;
    let end = |text: &str| {
        text.match_indices(['.', '!', '?']).map(|(at, _)| at + 1).find(|at| {
            let mut next = text[*at..].chars();
            next.next() == Some(' ')
                && next.next().is_some_and(|one| one.is_uppercase() || "`*[".contains(one))
        })
    };
    while let Some(at) = end(rest) {
        sentences.push(rest[..at].trim().to_owned());
        rest = &rest[at..];
    }
    // What does not end as a sentence is a heading or a list of words.
    if rest.trim_end().ends_with(['.', '!', '?']) {
        sentences.push(rest.trim().to_owned());
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_come_from_paragraphs_lists_and_tables() {
        let text = "# A heading with words.\n\nThe first is\nshort enough. `Code` begins one, e.g. this one.\n\n\
            - An entry of a list.\n  It goes on here.\n2. Another entry has a number.\n\n| A cell is one too. | no |\n\n\
            ```text\nNo code is taken here.\n```\nToo short.";
        let mut found = Vec::new();
        sentences(text, "a.md", &mut found);
        let told: Vec<_> = found.iter().map(|one| (one.place.as_str(), one.text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("a.md:3", "The first is short enough."),
                ("a.md:3", "`Code` begins one, e.g. this one."),
                ("a.md:6", "An entry of a list."),
                ("a.md:6", "It goes on here."),
                ("a.md:8", "Another entry has a number."),
                ("a.md:10", "A cell is one too."),
            ]
        );
    }

    #[test]
    fn of_code_the_doc_comments_count() {
        let code =
            "//! This is one of them.\n\n// This is none of them.\n/// So is this one.\npub fn it() {}\n";
        let mut found = Vec::new();
        sentences(&doc_comments(code), "a.rs", &mut found);
        let told: Vec<_> = found.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(told, ["a.rs:1", "a.rs:4"]);
    }
}

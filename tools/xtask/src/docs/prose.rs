//! The sentences of the documents and of the doc comments.

use std::{fs, path::Path};

use anyhow::Context as _;
use project::{Project, read};

use super::comments;

/// A sentence, what a reader sees above or below it, and where its paragraph begins.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Sentence {
    pub(super) text: String,
    /// The heading above the sentence, or the path of the item or module that the doc comment describes.
    pub(super) context: String,
    /// `file:line`.
    pub(super) place: String,
}

/// A paragraph, an entry of a list or a cell of a table.
struct Paragraph {
    /// The line where it begins, counted from 1.
    line: usize,
    context: String,
    text: String,
}

/// Folders whose texts are generated or come from elsewhere.
const FOREIGN: [&str; 5] = ["target", "node_modules", "recordings", "worlds", "mutants.out"];
/// Shorter sentences are headings, words of a table, or nouns that describe a field.
const FEWEST_WORDS: usize = 5;

/// The sentences of all documents and of all doc comments.
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
            Some("md") if kind.is_file() => sentences(paragraphs(&read(&path)?), &place, found),
            Some("rs") => {
                let comments = comments::all(&read(&path)?, &place)?;
                let described = |(line, context, text): (usize, String, String)| {
                    let comment = paragraphs(&text).into_iter();
                    comment.map(move |one| Paragraph {
                        line: line + one.line - 1,
                        context: context.clone(),
                        ..one
                    })
                };
                sentences(comments.into_iter().flat_map(described), &place, found);
            }
            _ => (),
        }
    }
    Ok(())
}

fn sentences(paragraphs: impl IntoIterator<Item = Paragraph>, place: &str, found: &mut Vec<Sentence>) {
    for Paragraph { line, context, text } in paragraphs {
        let sentences =
            split(&text).into_iter().filter(|text| text.split_whitespace().count() >= FEWEST_WORDS);
        found.extend(sentences.map(|text| {
            let (context, place) = (context.clone(), format!("{place}:{line}"));
            Sentence { text, context, place }
        }));
    }
}

/// Paragraphs, entries of lists and cells of tables, each with its heading; no headings and no code.
fn paragraphs(markdown: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let (mut goes_on, mut is_code, mut heading) = (false, false, String::new());
    for (line, raw) in (1..).zip(markdown.lines()) {
        let text = raw.trim();
        let new = |text: &str| Paragraph { line, context: heading.clone(), text: text.to_owned() };
        if text.starts_with("```") {
            (goes_on, is_code) = (false, !is_code);
        } else if is_code || text.is_empty() || text.starts_with('<') {
            goes_on = false;
        } else if text.starts_with('#') {
            (goes_on, heading) = (false, text.to_owned());
        } else if let Some(row) = text.strip_prefix('|') {
            goes_on = false;
            found.extend(row.split('|').map(|cell| new(cell.trim())));
        } else if let Some(entry) = entry(text) {
            found.push(new(entry));
            goes_on = true;
        } else if let (true, Some(Paragraph { text: paragraph, .. })) = (goes_on, found.last_mut()) {
            *paragraph = format!("{paragraph} {text}");
        } else {
            found.push(new(text));
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
    fn sentences_have_the_heading_of_their_section() {
        let text = "# A heading with words.\n\nThe first is\nshort enough. `Code` begins one, e.g. this.\n\n## Lists\n\n\
            - This is an entry of a list.\n  It goes on here too.\n2. Another entry has a number.\n\n\
            | A cell is one too. | no |\n\n```text\nNo code is taken here.\n```\nFour words are few.";
        let mut found = Vec::new();
        sentences(paragraphs(text), "a.md", &mut found);
        let found: Vec<_> =
            found.iter().map(|one| (one.place.as_str(), one.context.as_str(), one.text.as_str())).collect();
        assert_eq!(
            found,
            [
                ("a.md:3", "# A heading with words.", "The first is short enough."),
                ("a.md:3", "# A heading with words.", "`Code` begins one, e.g. this."),
                ("a.md:8", "## Lists", "This is an entry of a list."),
                ("a.md:8", "## Lists", "It goes on here too."),
                ("a.md:10", "## Lists", "Another entry has a number."),
                ("a.md:12", "## Lists", "A cell is one too."),
            ]
        );
    }
}

//! What the documents name is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use infra_check::{assertions::table, variants::Size};

use crate::{read, root};

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn rows() -> Vec<Vec<String>> {
    let text = read("docs/controls.md");
    let lines = text.lines().filter_map(|line| {
        let (anchor, row) = line.strip_prefix("| <a id=\"")?.split_once("\"></a>")?;
        assert!(row.starts_with(&anchor.to_uppercase()), "{line}");
        Some(row)
    });
    lines.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Links as text and address.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once("](")).filter_map(|(text, rest)| {
        let (address, _) = rest.split_once(')')?;
        Some((text.trim_matches('`'), address))
    })
}

/// Whether Rust code defines an item of this name; a path's last part counts.
fn defines(code: &str, path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "mod"];
    code.lines().any(|line| {
        let mut words = line
            .split(|one: char| !one.is_alphanumeric() && one != '_')
            .skip_while(|word| !kinds.contains(word));
        words.next().is_some() && words.find(|word| !kinds.contains(word)) == Some(name)
    })
}

#[test]
fn every_control_has_a_row_and_evidence() {
    let rows = rows();
    let numbers: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    let all: Vec<String> = (1..=57).map(|number| format!("C{number:02}")).collect();
    assert_eq!(numbers, all);
    for row in &rows {
        let [number, _, _, place, assertions, tests] = row.as_slice() else { panic!("{row:?}") };
        assert!(!place.is_empty(), "{number} is nowhere");
        assert!(quoted(assertions).chain(quoted(tests)).next().is_some(), "nothing shows {number}");
    }
}

#[test]
fn every_row_links_to_its_source() {
    let known: BTreeSet<_> = table().iter().map(|line| line.id).collect();
    let mut named = BTreeSet::new();
    for row in rows() {
        let [number, _, _, place, assertions, tests] = row.as_slice() else { panic!("{row:?}") };
        for (symbol, link) in links(place) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let text = fs::read_to_string(root().join("docs").join(file));
            let text = text.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            let has =
                |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == heading;
            assert!(
                heading.is_empty() || text.lines().any(|line| line.starts_with('#') && has(line)),
                "{link}"
            );
            let is_rust = Path::new(file).extension().is_some_and(|is| is == "rs");
            assert!(!is_rust || defines(&text, symbol), "{number}: there is no `{symbol}` in {file}");
        }
        for id in quoted(assertions) {
            assert!(known.contains(id) && id.starts_with(number.as_str()), "{number}: {id}");
            named.insert(id.to_owned());
        }
        let is_test = |word: &&str| {
            word.contains('_')
                && word.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
        };
        for test in quoted(tests).filter(is_test) {
            let linked = links(tests).find(|(name, _)| *name == test);
            let (_, file) = linked.unwrap_or_else(|| panic!("{number}: `{test}` is no link"));
            // That it also runs and passes is what `cargo xtask test` looks at.
            let text = read(&format!("docs/{file}"));
            assert!(text.contains(&format!("fn {test}(")), "{number}: there is no test `{test}` in {file}");
        }
    }
    let unnamed: Vec<_> = known.iter().filter(|id| !named.contains(**id)).collect();
    assert!(unnamed.is_empty(), "docs/controls.md does not name {unnamed:?}");
}

#[test]
fn every_control_states_its_support_in_small() {
    let of_small = table().into_iter().filter(|line| line.sizes.contains(&Size::Small));
    let of_small: BTreeSet<_> = of_small.map(|line| line.id).collect();
    for row in rows() {
        let [number, _, small, _, assertions, tests] = row.as_slice() else { panic!("{row:?}") };
        let (said, why) = small.split_once(": ").unwrap_or((small, ""));
        let is_code = links(tests).any(|(_, file)| !file.starts_with("../tools/infra-check/"));
        let is_asserted = quoted(assertions).any(|id| of_small.contains(id));
        match said {
            "yes" => assert!(
                assertions.is_empty() || is_asserted || is_code,
                "{number}: nothing shows it for small"
            ),
            "no" => assert!(!why.is_empty(), "{number}: small has it not, and nothing says why"),
            _ => panic!("{number}: `{small}` is neither yes nor no"),
        }
    }
}

/// The rows of docs/seeds.md: recommendation, heading, controls, evidence.
fn recommendations() -> Vec<String> {
    let text = read("docs/seeds.md");
    let tables = text.split("\n\n").filter(|block| block.starts_with("| Recommendation"));
    let rows: Vec<_> = tables.flat_map(|table| table.lines().skip(2)).map(str::to_owned).collect();
    assert!(rows.len() >= 40, "{}", rows.len());
    rows
}

/// The kinds of evidence that a row of docs/controls.md has, in the words of docs/seeds.md.
fn kinds_of_evidence(row: &[String]) -> BTreeSet<&'static str> {
    let [_, _, _, _, assertions, tests] = row else { panic!("{row:?}") };
    let of_test = |file: &str| match file.strip_prefix("../tools/infra-check/") {
        Some(file) if file.ends_with("/policies.rs") || file.ends_with("/pipeline.rs") => "policy text",
        Some(_) => "compiled",
        None => "code",
    };
    let asserted = quoted(assertions).map(|_| "compiled");
    asserted.chain(links(tests).map(|(_, file)| of_test(file))).collect()
}

#[test]
fn the_evidence_of_every_recommendation_exists() {
    const WORDS: [&str; 5] = ["code", "compiled", "policy text", "documented", "not applicable"];
    let kinds: BTreeMap<_, _> = rows().iter().map(|row| (row[0].clone(), kinds_of_evidence(row))).collect();
    for row in recommendations() {
        let (row, evidence) = row.trim_end_matches(" |").rsplit_once(" | ").expect("cells");
        let places: Vec<_> =
            evidence.split(" · ").map(|word| WORDS.iter().position(|known| *known == word)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{row}: `{evidence}`");
        assert_eq!(evidence == "not applicable", row.contains("| Not a control"), "{row}: `{evidence}`");
        let controls = links(row).filter_map(|(control, _)| kinds.get(control));
        let there: BTreeSet<_> = controls.flatten().copied().collect();
        for word in evidence.split(" · ").filter(|word| WORDS[..3].contains(word)) {
            assert!(there.contains(word), "{row}: no control of it has evidence of the kind `{word}`");
        }
    }
}

#[test]
fn recommendations_and_controls_link_to_each_other() {
    let rows = recommendations();
    let mut referred = BTreeSet::new();
    for row in &rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, cell, _] = cells[..] else { panic!("four cells: {row}") };
        let controls: Vec<_> = links(cell).collect();
        assert!(!controls.is_empty() || cell.starts_with("Not a control"), "{row}");
        for (control, link) in controls {
            assert_eq!(link, format!("controls.md#{}", control.to_lowercase()));
            referred.insert(control.to_owned());
        }
    }
    let all: BTreeSet<String> = (1..=57).map(|number| format!("C{number:02}")).collect();
    let missing: Vec<_> = all.difference(&referred).collect();
    assert!(missing.is_empty(), "no recommendation leads to {missing:?}");
}

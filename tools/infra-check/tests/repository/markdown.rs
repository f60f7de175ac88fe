//! As much of GitHub's Markdown as links and headings need.

use std::collections::BTreeMap;

/// The text without fenced blocks of code; lines stay where they are.
pub(crate) fn without_fences(text: &str) -> String {
    let mut fence = None;
    let lines = text.lines().map(|line| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, None) => line,
            (None, Some(_)) => {
                fence = mark;
                ""
            }
            (Some(_), _) => {
                if mark == fence {
                    fence = None;
                }
                ""
            }
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text without fenced blocks and without code in backquotes.
pub(crate) fn without_code(text: &str) -> String {
    let strip = |line: &str| {
        let mut kept = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('`') {
            let more = after.len() - after.trim_start_matches('`').len();
            let mark = "`".repeat(more + 1);
            kept += before;
            let Some((_, after)) = after[more..].split_once(&mark) else { return kept + &after[more..] };
            rest = after;
        }
        kept + rest
    };
    without_fences(text).lines().map(strip).collect::<Vec<_>>().join("\n")
}

/// Where links lead: `[text](target)`, `[label]: target`, `<target>`, and `href` and `src` of HTML.
pub(crate) fn targets(text: &str) -> Vec<String> {
    let text = without_code(text);
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let defined = text.lines().filter_map(|line| definition(line)).map(|(_, target)| target);
    let attributes = ["href=\"", "src=\""];
    let attributes = attributes.iter().flat_map(|name| text.split(name).skip(1));
    let attributes = attributes.filter_map(|rest| rest.split_once('"')).map(|(target, _)| target);
    let all = inline.chain(defined).chain(attributes);
    all.map(|target| target.split(' ').next().unwrap_or(target).trim_matches(['<', '>']).to_owned()).collect()
}

/// `[label]: target`.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
    Some((label, target.trim()))
}

/// The text without links, their words included.
pub(crate) fn without_links(text: &str) -> String {
    let text: Vec<_> = text.lines().filter(|line| definition(line).is_none()).collect();
    let text = text.join("\n");
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('[') {
        kept += &rest[..start];
        let end = closing(&rest[start..]).map(|end| start + end);
        let Some(end) = end.filter(|end| rest[end + 1..].starts_with(['(', '['])) else {
            rest = &rest[start + 1..];
            continue;
        };
        let close = if rest[end + 1..].starts_with('(') { ')' } else { ']' };
        rest = rest[end + 1..].split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Where the bracket closes that a text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, letter)| {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => (),
        }
        (depth == 0).then_some(at)
    })
}

/// What `#` may lead to within a document, by GitHub's rules: headings, and elements with an id.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let text = without_fences(text);
    let mut seen = BTreeMap::<String, usize>::new();
    let mut anchors: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let heading = line.trim_start_matches('#');
            let level = line.len() - heading.len();
            ((1..=6).contains(&level) && heading.starts_with(' ')).then(|| slug(heading))
        })
        .map(|slug| {
            let times = seen.entry(slug.clone()).or_default();
            *times += 1;
            if *times == 1 { slug } else { format!("{slug}-{}", *times - 1) }
        })
        .collect();
    for mark in ["id=\"", "name=\""] {
        let ids = text.split(mark).skip(1).filter_map(|rest| rest.split_once('"'));
        anchors.extend(ids.map(|(id, _)| id.to_owned()));
    }
    anchors
}

fn slug(heading: &str) -> String {
    let mut text = String::new();
    let mut rest = heading.trim().trim_end_matches('#').trim_end();
    // Of a link, its words count.
    while let Some((before, after)) = rest.split_once("](") {
        text += before;
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    text += rest;
    let kept = text.chars().filter(|one| one.is_alphanumeric() || [' ', '-', '_'].contains(one));
    kept.flat_map(char::to_lowercase).map(|one| if one == ' ' { '-' } else { one }).collect()
}

#[test]
fn anchors_match_github() {
    let text = "# `GET /api/orders`: a list\n## Twice\n## Twice\n## [The *host*](x.md), v1\n<a id=\"c01\"></a>\n\
        ```\n# no heading\n```\n### Paths & queries ###\n#none\n## Größe";
    let expected =
        ["get-apiorders-a-list", "twice", "twice-1", "the-host-v1", "paths--queries", "größe", "c01"];
    assert_eq!(anchors(text), expected);
}

#[test]
fn links_in_code_are_ignored() {
    let text = "[a](b.md#c) `[no](link)` ![diagram](d.svg \"title\")\n[e]: <f.md>\n```\n[no](link)\n```\n\
        <img src=\"g.png\"> [`h`](i.md) ``[no](`x`)``";
    assert_eq!(targets(text), ["b.md#c", "d.svg", "i.md", "f.md", "g.png"]);
    assert_eq!(
        without_links("one [two [three]](four) five [six][seven] [eight]\n[nine]: ten"),
        "one  five  eight]"
    );
}

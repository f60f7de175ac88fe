//! Compares what a command printed with what a document shows.
//!
//! `…` stands for any text within a line, and alone on a line for any number of lines. Ids, times, ports and figures
//! with a unit differ from run to run, so any of them equals any other.

use std::sync::LazyLock;

use regex::Regex;

const ANYTHING: &str = "…";

/// What differs from run to run, and what stands for it.
static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"\b\d\d:\d\d:\d\d\b", "<time>"),
        (r"\b(localhost|127\.0\.0\.1):\d+", "$1:<port>"),
        (r"\b[0-9a-f]{32}\b", "<id>"),
        (r"\b\d+(\.\d+)?( ?)(µs|ms|s|min|h|KiB|MiB|kB|MB|/s)(\b|$)", "<figure>"),
        (r" {2,}", "  "),
    ]
    .map(|(form, instead)| (Regex::new(form).expect("a pattern"), instead))
    .into()
});

/// Whether the output of a command matches what the document shows. A document that shows no output accepts any.
pub(super) fn is_as_shown(shown: &[String], printed: &[String]) -> bool {
    shown.is_empty() || lines_match(shown, printed)
}

/// Whether the output of a program that still runs begins as the document shows: the program may have printed more
/// since.
pub(super) fn begins_as_shown(shown: &[String], printed: &[String]) -> bool {
    let mut shown = shown.to_vec();
    shown.push(ANYTHING.to_owned());
    lines_match(&shown, printed)
}

fn lines_match(shown: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
    if first.trim() == ANYTHING {
        return (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]));
    }
    let Some((line, more)) = printed.split_first() else { return false };
    line_matches(first, line) && lines_match(rest, more)
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let printed = printed.trim_end();
    // A document may show the beginning of an id and then `…`.
    fits(shown, printed) || fits(&masked(shown), &masked(printed))
}

fn fits(shown: &str, printed: &str) -> bool {
    let parts: Vec<_> = shown.split(ANYTHING).map(regex::escape).collect();
    Regex::new(&format!("^{}$", parts.join(".*"))).is_ok_and(|form| form.is_match(printed))
}

fn masked(line: &str) -> String {
    let mask = |line: String, (form, instead): &(Regex, &str)| form.replace_all(&line, *instead).into_owned();
    MASKS.iter().fold(line.to_owned(), mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn ids_times_ports_and_figures_may_differ() {
        for (shown, printed) in [
            ("order 0190a1b2-0000-7000-8000-00000000000a", "order ffffffff-1111-7222-8333-444444444444"),
            ("at 2030-01-01T00:00:00Z", "at 2026-11-30T23:59:59.123Z"),
            ("ready on http://localhost:7071", "ready on http://localhost:40123"),
            ("12:00:00  GetOrder   200  3 ms", "23:59:01  GetOrder  200  1412 ms"),
            ("format            0.5 s  ok", "format           12.0 s  ok"),
            ("etag: \"1\"", "etag: \"1\"\r"),
        ] {
            assert!(is_as_shown(&lines(shown), &lines(printed)), "{shown} | {printed}");
        }
    }

    #[test]
    fn every_other_difference_counts() {
        for (shown, printed) in [
            ("\"status\":\"placed\"", "\"status\":\"queued\""),
            ("14 functions", "15 functions"),
            ("one", "one\ntwo"),
            ("one\ntwo", "one"),
            ("etag: \"1\"", "etag: \"2\""),
        ] {
            assert!(!is_as_shown(&lines(shown), &lines(printed)), "{shown} | {printed}");
        }
    }

    #[test]
    fn an_ellipsis_stands_for_text_or_for_lines() {
        let printed = lines("start\none\ntwo\n{\"id\":\"019a\",\"status\":\"placed\"}");
        for shown in ["start\n…\n{\"id\":\"019…\",…}", "…", "start\n  …\ntwo\n…", "start\none\ntwo\n…\n{…}"]
        {
            assert!(is_as_shown(&lines(shown), &printed), "{shown}");
        }
        for shown in ["start\n…\n{\"id\":\"02…\"}", "one\n…", "start\n…\none"] {
            assert!(!is_as_shown(&lines(shown), &printed), "{shown}");
        }
    }

    #[test]
    fn what_is_not_shown_may_be_anything() {
        assert!(is_as_shown(&[], &lines("anything")));
        assert!(begins_as_shown(&lines("ready"), &lines("ready\n12:00:00  GetOrder")));
        assert!(!begins_as_shown(&lines("ready"), &lines("not yet")));
    }
}

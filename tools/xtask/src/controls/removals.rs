//! The removals: for each control one change that takes it out, found by its text.

use anyhow::{Context as _, bail, ensure};

/// Where they stand.
pub(super) const FILE: &str = "tools/xtask/src/controls/removals.txt";

/// A change that takes a control out.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Removal {
    /// `C11` and the like.
    pub(super) control: String,
    /// The file, from the root.
    pub(super) file: String,
    /// What is gone with it.
    pub(super) loss: String,
    /// Whole lines of the file.
    before: String,
    /// The lines in their place.
    after: String,
}

impl Removal {
    /// The text of its file without the control.
    ///
    /// # Errors
    /// Unless the lines stand there exactly once.
    pub(super) fn applied(&self, text: &str) -> anyhow::Result<String> {
        let Self { control, file, before, after, .. } = self;
        let starts: Vec<_> = text
            .match_indices(before.as_str())
            .map(|(at, _)| at)
            .filter(|at| *at == 0 || text[..*at].ends_with('\n'))
            .collect();
        match starts.as_slice() {
            [at] => Ok(format!("{}{after}{}", &text[..*at], &text[*at + before.len()..])),
            [] => bail!(
                "the removal of {control} does not apply: {file} no longer holds its lines; write them anew in {FILE}"
            ),
            several => bail!(
                "the removal of {control} is ambiguous: {file} holds its lines {} times; add lines in {FILE} until \
                 they stand there once",
                several.len()
            ),
        }
    }
}

/// Reads the list: blocks with an empty line between, each of them a line `C11 path: what is lost`, the removed lines
/// behind `-`, and the lines that replace them behind `+`. Lines that begin with `#` are for people. Where several
/// controls are named, each has a removal of its own.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Removal>> {
    let blocks = text.split("\n\n").map(|block| {
        let lines = block.lines().filter(|line| !line.starts_with('#'));
        lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>()
    });
    let removals: anyhow::Result<Vec<_>> =
        blocks.filter(|lines| !lines.is_empty()).map(|lines| block(&lines)).collect();
    removals.map(|removals| removals.concat())
}

fn block(lines: &[&str]) -> anyhow::Result<Vec<Removal>> {
    let wrong = |line: &str| format!("{FILE}: `{line}` must look like `C11 src/policy.rs: what is lost`");
    let (head, lines) = lines.split_first().context("a removal has lines")?;
    let (controls, rest) = head.split_once(' ').with_context(|| wrong(head))?;
    let (file, loss) = rest.split_once(": ").with_context(|| wrong(head))?;
    let (mut before, mut after) = (String::new(), String::new());
    for line in lines {
        let (side, text) = match line.split_at_checked(1) {
            Some(("-", text)) if after.is_empty() => (&mut before, text),
            Some(("+", text)) => (&mut after, text),
            _ => bail!(
                "{FILE}: under `{head}` come lines with `-` and then lines with `+`, and `{line}` is neither"
            ),
        };
        side.push_str(text);
        side.push('\n');
    }
    ensure!(!before.is_empty(), "{FILE}: under `{head}` there is no line with `-`");
    ensure!(before != after, "{FILE}: under `{head}` nothing changes");
    let of = |control: &str| Removal {
        control: control.to_owned(),
        file: file.to_owned(),
        loss: loss.to_owned(),
        before: before.clone(),
        after: after.clone(),
    };
    Ok(controls.split(',').map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
# For people.

C11 src/a.rs: an owner counts for nothing
-    WHERE id = $1 AND owner = $2
+    WHERE id = $1

C31,C34 src/b.rs: every call is the host's
-    one
-    two
";

    fn list() -> Vec<Removal> {
        parse(LIST).expect("a list")
    }

    #[test]
    fn a_removal_replaces_whole_lines() {
        let [owner, host, other] = list().try_into().expect("three");
        let changed = owner.applied("a\n    WHERE id = $1 AND owner = $2\nb\n").expect("it applies");
        assert_eq!(changed, "a\n    WHERE id = $1\nb\n");
        assert_eq!(host.applied("    one\n    two\n").expect("it applies"), "");
        assert_eq!((owner.control.as_str(), owner.file.as_str()), ("C11", "src/a.rs"));
        assert_eq!(
            (host.control.as_str(), Removal { control: host.control.clone(), ..other }),
            ("C31", host.clone())
        );
        assert_eq!(owner.loss, "an owner counts for nothing");
    }

    #[test]
    fn a_removal_requires_a_unique_match() {
        let host = &list()[1];
        let refused = |text: &str| host.applied(text).unwrap_err().to_string();
        assert!(refused("    one\n").contains("no longer holds its lines"));
        assert!(refused("    one\n    two and more\n").contains("no longer"));
        assert!(refused("x    one\n    two\n").contains("no longer"));
        assert!(refused("    one\n    two\n    one\n    two\n").contains("2 times"));
    }

    #[test]
    fn a_parse_error_names_its_line() {
        for (text, expected) in [
            ("C11 src/a.rs\n-a\n", "`C11 src/a.rs` must look like"),
            ("C11 src/a.rs: all\n", "no line with `-`"),
            ("C11 src/a.rs: all\n-a\n+a\n", "nothing changes"),
            ("C11 src/a.rs: all\n-a\n+b\n-c\n", "`-c` is neither"),
            ("C11 src/a.rs: all\n a\n", "` a` is neither"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

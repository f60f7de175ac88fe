//! The `console` blocks of a document.
//!
//! In a block, `$ ` stands before a command, `> ` before its further lines, and every other line is output. The words
//! behind `console` say what to do with the block: nothing, `keeps running`, or `not run: REASON`.

use anyhow::{Context as _, bail, ensure};

/// A fenced block.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Block {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    pub(super) mode: Mode,
    pub(super) steps: Vec<Step>,
}

/// What to do with a block.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Run,
    /// Its last command serves until the document ends.
    KeepsRunning,
    /// Left out; the document says why.
    NotRun,
}

/// A command and what is shown of its output.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Step {
    /// Where the command stands, counted from 1.
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) shown: Vec<String>,
}

const FENCE: &str = "```";
/// Blocks with commands that nothing would run.
const OTHER_SHELLS: [&str; 4] = ["bash", "sh", "shell", "shell-session"];

/// Reads all blocks of a document.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix(FENCE) else { continue };
        let indent = line.len() - line.trim_start().len();
        let body: Vec<_> = lines
            .by_ref()
            .take_while(|(_, line)| line.trim() != FENCE)
            .map(|(at, line)| (at + 1, line.get(indent..).unwrap_or_default()))
            .collect();
        let language = info.split_whitespace().next().unwrap_or_default();
        ensure!(
            !OTHER_SHELLS.contains(&language),
            "line {}: make this `{FENCE}console`, with `$ ` before each command",
            at + 1
        );
        if language == "console" {
            let mode = mode(info.trim_start_matches("console").trim());
            let mode = mode.with_context(|| format!("line {}", at + 1))?;
            blocks.push(Block { line: at + 1, mode, steps: steps(&body)? });
        }
    }
    Ok(blocks)
}

fn mode(words: &str) -> anyhow::Result<Mode> {
    if let Some(reason) = words.strip_prefix("not run:") {
        ensure!(!reason.trim().is_empty(), "give a reason behind `not run:`");
        return Ok(Mode::NotRun);
    }
    match words {
        "" => Ok(Mode::Run),
        "keeps running" => Ok(Mode::KeepsRunning),
        other => bail!("`{other}` is not known: `keeps running` and `not run: REASON` are"),
    }
}

fn steps(body: &[(usize, &str)]) -> anyhow::Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for &(line, text) in body {
        if let Some(command) = text.strip_prefix("$ ") {
            steps.push(Step { line, command: command.to_owned(), shown: Vec::new() });
            continue;
        }
        let step =
            steps.last_mut().with_context(|| format!("line {line}: no command stands before this output"))?;
        match text.strip_prefix("> ") {
            Some(more) if step.shown.is_empty() => step.command = format!("{}\n{more}", step.command),
            _ => step.shown.push(text.trim_end().to_owned()),
        }
    }
    // An empty line at the end only sets blocks apart.
    for step in &mut steps {
        while step.shown.last().is_some_and(String::is_empty) {
            step.shown.pop();
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(line: usize, command: &str, shown: &[&str]) -> Step {
        Step {
            line,
            command: command.to_owned(),
            shown: shown.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn a_block_has_commands_and_their_output() {
        let text = "# Use\n\n```console\n$ one \\\n> --more\nfirst\n\n> quoted\n\n$ two\n```\n";
        let steps = vec![step(4, "one \\\n--more", &["first", "", "> quoted"]), step(10, "two", &[])];
        assert_eq!(parse(text).unwrap(), [Block { line: 3, mode: Mode::Run, steps }]);
    }

    #[test]
    fn words_behind_console_say_how_it_is_run() {
        let text = "1. In a list\n\n   ```console keeps running\n   $ serve\n     ready\n   ```\n\
            ```console not run: it needs Azure\n$ azd up\n```\n```json\n{}\n```\n";
        let blocks = parse(text).unwrap();
        assert_eq!(blocks.len(), 2, "{blocks:?}");
        assert_eq!((blocks[0].line, &blocks[0].mode), (3, &Mode::KeepsRunning));
        assert_eq!(blocks[0].steps, [step(4, "serve", &["  ready"])]);
        assert_eq!((blocks[1].line, &blocks[1].mode), (7, &Mode::NotRun));
    }

    #[test]
    fn a_block_that_would_not_be_run_is_an_error() {
        let complaint = |text: &str| format!("{:#}", parse(text).unwrap_err());
        for (text, expected) in [
            ("```sh\nls\n```", "line 1: make this ````console`"),
            ("\n```console not run:\n$ ls\n```", "line 2: give a reason"),
            ("```console sometimes\n$ ls\n```", "line 1: `sometimes` is not known"),
            ("```console\nls\n```", "line 2: no command stands before"),
        ] {
            assert!(complaint(text).starts_with(expected), "{text}: {}", complaint(text));
        }
    }
}

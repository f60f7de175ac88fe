//! Runs the `console` blocks of the documents.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use project::{Project, read};

use super::{
    blocks::{self, Block, Mode, Step},
    mask,
    session::{Printed, Session},
};

/// The port that documents show; a free one takes its place, because another program may have this one.
const SHOWN_PORT: &str = "7071";
/// The line of `cargo xtask dev` above the commands to paste.
const PASTE: &str = "try it";
/// Stands in the worker's answer to every request that it refuses.
const REFUSED: &str = "urn:orders:problem";
/// How long a request that only reads is repeated: a queue message takes effect a moment after the answer.
const EVENTUALLY: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(250);

/// Checks the documents with these names, or all of them.
pub(super) fn run(project: &Project, names: &[String]) -> anyhow::Result<()> {
    refuse_beside_dev(project)?;
    let documents = if names.is_empty() { documents(project)? } else { names.to_vec() };
    // With the features that it has below xtask: it is compiled already.
    let emulator = ["build", "--locked", "--package", "xtask", "--package", "functions-emulator"];
    let built = project
        .cargo()
        .args(emulator)
        .args(["--bin", "functions-emulator"])
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "the build failed: fix what cargo says above");
    let (mut faults, mut ran, mut not_run) = (Vec::new(), 0, 0);
    for name in &documents {
        let blocks = blocks::parse(&read(&project.root().join(name))?).with_context(|| name.clone())?;
        let left_out = blocks.iter().filter(|block| block.mode == Mode::NotRun).count();
        not_run += left_out;
        if left_out == blocks.len() {
            continue;
        }
        ran += blocks.len() - left_out;
        println!("{name}: {} blocks", blocks.len() - left_out);
        if let Err(fault) = check(project, &blocks) {
            faults.push(format!("{name}:{fault:#}"));
        }
    }
    ensure!(faults.is_empty(), "documents show what is not so:\n{}", faults.join("\n"));
    println!(
        "{ran} blocks of {} documents print what is shown; {not_run} are marked as not run",
        documents.len()
    );
    Ok(())
}

/// `dev` keeps its database and its address in one folder, so a second one would disturb it.
fn refuse_beside_dev(project: &Project) -> anyhow::Result<()> {
    let url = fs::read_to_string(project.url_file()).unwrap_or_default();
    let port = url.trim().rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let serves = port.is_some_and(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
    ensure!(!serves, "`cargo xtask dev` serves on {}: stop it first", url.trim());
    Ok(())
}

/// README.md, CONTRIBUTING.md, what is below docs, and the README.md of each crate.
fn documents(project: &Project) -> anyhow::Result<Vec<String>> {
    let root = project.root();
    let mut found = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    let mut below = Vec::new();
    for folder in ["docs", "docs/reference"] {
        let is_document = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "md");
        let documents = names(&root.join(folder))?.into_iter().filter(is_document);
        below.extend(documents.map(|name| format!("{folder}/{name}")));
    }
    for name in names(&root.join("crates"))? {
        below.push(format!("crates/{name}/README.md"));
    }
    below.sort();
    found.extend(below.into_iter().filter(|name| root.join(name).is_file()));
    Ok(found)
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Runs the blocks of one document up to the first fault.
fn check(project: &Project, blocks: &[Block]) -> anyhow::Result<()> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let port = free.context("there is no free port")?.port().to_string();
    let mut session = Session::start(project.root(), &project.target_folder().join("debug"))?;
    for block in blocks.iter().filter(|block| block.mode != Mode::NotRun) {
        for (index, step) in block.steps.iter().enumerate() {
            let serves = block.mode == Mode::KeepsRunning && index + 1 == block.steps.len();
            let outcome =
                if serves { serve(&mut session, step, &port) } else { one(&mut session, step, &port) };
            outcome.with_context(|| format!("{}: `{}`", step.line, step.command))?;
        }
    }
    session.end()
}

/// Runs a command to its end and compares.
fn one(session: &mut Session, step: &Step, port: &str) -> anyhow::Result<()> {
    let command = step.command.replace(&format!("localhost:{SHOWN_PORT}"), &format!("localhost:{port}"));
    let start = Instant::now();
    loop {
        let Printed { status, lines } = session.run(&command)?;
        let holds = status == 0 && mask::is_as_shown(&step.shown, &lines);
        if holds {
            return Ok(());
        }
        if !only_reads(&command) || start.elapsed() > EVENTUALLY {
            anyhow::bail!("{}", difference(step, status, &lines));
        }
        thread::sleep(INTERVAL);
    }
}

/// A request that can be sent again.
fn only_reads(command: &str) -> bool {
    command.starts_with("curl ") && !command.contains(" -X ") && !command.contains(" -d ")
}

fn difference(step: &Step, status: i32, printed: &[String]) -> String {
    let list = |lines: &[String]| lines.join("\n    ");
    format!("status {status}\n  expected:\n    {}\n  printed:\n    {}", list(&step.shown), list(printed))
}

/// Starts a program that serves, and pastes the commands that it prints.
fn serve(session: &mut Session, step: &Step, port: &str) -> anyhow::Result<()> {
    let (command, _) = step.command.split_once(" #").unwrap_or((&step.command, ""));
    let command = format!("{} --port {port}", command.trim());
    let printed = session.serve(&command, |lines| mask::begins_as_shown(&step.shown, lines))?;
    for line in to_paste(&printed) {
        let Printed { status, lines } = session.run(line)?;
        let refused = lines.iter().any(|line| line.contains(REFUSED));
        ensure!(status == 0 && !refused, "its example `{line}` ended with {status}: {}", lines.join("\n"));
    }
    Ok(())
}

/// The indented lines below the heading.
fn to_paste(printed: &[String]) -> impl Iterator<Item = &str> {
    let below = printed.iter().skip_while(|line| !line.starts_with(PASTE)).skip(1);
    below.map_while(|line| line.strip_prefix("  "))
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

    fn fault(steps: Vec<Step>, mode: Mode) -> String {
        let block = Block { line: 1, mode, steps };
        check(&Project::here(), &[block]).map_or_else(|error| format!("{error:#}"), |()| String::new())
    }

    #[test]
    fn a_fault_names_line_command_expected_and_printed() {
        let said = fault(vec![step(7, "echo one", &["one"]), step(9, "echo two", &["three"])], Mode::Run);
        assert_eq!(said, "9: `echo two`: status 0\n  expected:\n    three\n  printed:\n    two");
        let said = fault(vec![step(3, "cat /no/such/file", &[])], Mode::Run);
        assert!(said.starts_with("3: `cat /no/such/file`: status 1"), "{said}");
    }

    #[test]
    fn printed_examples_are_pasted_while_it_serves() {
        let serve = |example: &str| {
            let script = format!(
                "sh -c 'echo try it: paste; echo \"  {example}\"; echo; echo ready; exec tail -f /dev/null' --"
            );
            vec![step(1, &script, &["…", "ready"])]
        };
        assert_eq!(fault(serve("test -d tools"), Mode::KeepsRunning), "");
        let said = fault(serve("echo urn:orders:problem:not-found"), Mode::KeepsRunning);
        assert!(said.contains("its example `echo urn:orders:problem:not-found` ended with 0"), "{said}");
    }

    #[test]
    fn every_document_can_be_parsed() {
        let project = Project::here();
        for name in documents(&project).expect("there are documents") {
            let text = read(&project.root().join(&name)).expect("it is there");
            blocks::parse(&text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }
}

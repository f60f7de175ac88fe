//! Handlers in other languages, laid out as Microsoft lays out its samples, run as their authors would run them.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

/// Long enough for an interpreter on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// `functions-emulator .` in a copy of an app folder.
struct Typed {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Typed {
    fn in_copy_of(app: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/apps").join(app);
        copy(&app, folder.path()).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        command.arg(".").current_dir(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, _folder: folder }
    }

    /// What stands behind a text in the next line that holds it.
    async fn behind(&mut self, text: &str) -> String {
        let found = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("one more line");
                if let Some((_, rest)) = line.split_once(text) {
                    return rest.to_owned();
                }
            }
        };
        timeout(DEADLINE, found).await.unwrap_or_else(|_| panic!("no line with {text:?}"))
    }
}

/// The host takes its worker along, so it is asked and not killed.
impl Drop for Typed {
    fn drop(&mut self) {
        let host = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(host) = host {
            kill_process(host, Signal::TERM).ok();
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Whether a language is there; said loudly where it is not, and a failure where `CI` is set.
fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(there || std::env::var_os("CI").is_none(), "no {program} here, and CI leaves nothing out");
    if !there {
        // Past the harness, which shows the prints of failing tests alone.
        let line = format!("NOT TESTED: a handler for {program}, because there is none: install it\n");
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
    there
}

async fn runs_unchanged(app: &str) {
    let mut typed = Typed::in_copy_of(app);
    let url = typed.behind("ready on ").await;
    let url = url.split(';').next().unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();

    let forwarded = client.get(format!("{url}/api/SimpleHttpTrigger?name=you")).send().await.unwrap();
    assert_eq!(forwarded.text().await.unwrap(), "Hello, you");

    let sent =
        client.post(format!("{url}/api/HttpTriggerWithOutputs")).body("one message").send().await.unwrap();
    assert_eq!(sent.status(), 202);
    assert_eq!(typed.behind("queue: ").await, "\"one message\"");

    let by_hand = client.post(format!("{url}/admin/functions/TimerTrigger"));
    let by_hand = by_hand.header("content-type", "application/json").body("{}").send().await.unwrap();
    assert_eq!(by_hand.status(), 202);
    assert_eq!(typed.behind("timer: ").await, "false");
}

#[tokio::test]
async fn a_node_handler_of_the_usual_layout_runs_unchanged() {
    if has("node") {
        runs_unchanged("node").await;
    }
}

#[tokio::test]
async fn a_python_handler_of_the_usual_layout_runs_unchanged() {
    if has("python3") {
        runs_unchanged("python").await;
    }
}

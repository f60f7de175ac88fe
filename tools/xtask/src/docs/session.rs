//! A shell in which the commands of one document run, one after another.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

/// Ends the output of a command; its exit status follows.
const END: &str = "-- end of this command, with status";
/// The longest that a command may take.
const LONGEST: Duration = Duration::from_mins(5);
/// The longest until a program serves: the build comes before.
const LONGEST_START: Duration = Duration::from_mins(30);
/// The time between two looks at what a serving program printed.
const INTERVAL: Duration = Duration::from_millis(100);

/// A shell, and the programs that it keeps running.
pub(super) struct Session {
    shell: Child,
    input: ChildStdin,
    output: Receiver<String>,
    folder: TempDir,
    served: usize,
}

/// What became of a command.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) status: i32,
    pub(super) lines: Vec<String>,
}

impl Session {
    /// Starts a shell in `root`, which finds the programs in `programs` first.
    pub(super) fn start(root: &Path, programs: &Path) -> anyhow::Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path)))?;
        let mut shell = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(root)
            .envs([("NO_COLOR", "1"), ("TERM", "dumb")])
            .env("PATH", path)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start bash: install it")?;
        let input = shell.stdin.take().context("bash has no input")?;
        let lines = BufReader::new(shell.stdout.take().context("bash has no output")?);
        let (found, output) = channel();
        thread::spawn(move || {
            // The receiver is gone once the session has ended.
            lines
                .split(b'\n')
                .map_while(Result::ok)
                .try_for_each(|line| found.send(String::from_utf8_lossy(&line).into_owned()))
        });
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let mut session = Self { shell, input, output, folder, served: 0 };
        // Whatever ends this, what runs in the background ends with the shell.
        session.write("exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n")?;
        Ok(session)
    }

    /// Runs a command to its end.
    pub(super) fn run(&mut self, command: &str) -> anyhow::Result<Printed> {
        self.write(&format!("{{ {command}\n}} < /dev/null\nprintf '\\n%s %s\\n' '{END}' $?\n"))?;
        let (start, mut lines) = (Instant::now(), Vec::new());
        loop {
            let left = LONGEST.saturating_sub(start.elapsed());
            match self.output.recv_timeout(left) {
                Ok(line) => match line.strip_prefix(END) {
                    Some(status) => {
                        // The line break before the end belongs to it.
                        if lines.last().is_some_and(String::is_empty) {
                            lines.pop();
                        }
                        return Ok(Printed { status: status.trim().parse()?, lines });
                    }
                    None => lines.push(line),
                },
                Err(RecvTimeoutError::Timeout) => bail!("it did not end within {} s", LONGEST.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the shell ended: {}", lines.join("\n")),
            }
        }
    }

    /// Starts a program that keeps running, and waits until `ready` says that it has printed enough.
    pub(super) fn serve(
        &mut self,
        command: &str,
        ready: impl Fn(&[String]) -> bool,
    ) -> anyhow::Result<Vec<String>> {
        let file = self.printed(self.served);
        File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
        self.served += 1;
        // Its own process, not a shell around it, so that a signal reaches it.
        let started = self.run(&format!("(exec {command}) > '{}' 2>&1 &", file.display()))?;
        ensure!(started.status == 0, "it could not be started: {}", started.lines.join("\n"));
        let start = Instant::now();
        loop {
            let text = fs::read(&file).context("cannot read what it printed")?;
            let lines: Vec<_> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
            if ready(&lines) {
                return Ok(lines);
            }
            let runs = self.run("kill -0 $!")?.status == 0;
            ensure!(
                runs && start.elapsed() < LONGEST_START,
                "it {} before it printed what is shown; it printed:\n    {}",
                if runs { "was given up" } else { "ended" },
                lines.join("\n    ")
            );
            thread::sleep(INTERVAL);
        }
    }

    /// Stops what runs, and the shell.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        if self.served > 0 {
            self.run("kill $(jobs -p); wait; true")?;
        }
        self.write("exit\n")?;
        self.shell.wait().context("cannot wait for bash")?;
        Ok(())
    }

    fn printed(&self, program: usize) -> PathBuf {
        self.folder.path().join(format!("printed-{program}"))
    }

    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        self.input.write_all(text.as_bytes()).and_then(|()| self.input.flush()).context("the shell is gone")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The shell is still there after an error alone: end it with all that it started.
        if let (Ok(None), Ok(id)) = (self.shell.try_wait(), i32::try_from(self.shell.id())) {
            let group = rustix::process::Pid::from_raw(id);
            // None of them may be left, which is as good.
            let _ = group.map(|id| rustix::process::kill_process_group(id, rustix::process::Signal::TERM));
            let _ = self.shell.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::start(Path::new("/"), Path::new("/bin")).expect("a shell")
    }

    #[test]
    fn commands_share_a_shell_and_tell_status_and_output() {
        let mut session = session();
        assert_eq!(session.run("A=1; cd /tmp").expect("it runs").lines, [""; 0]);
        let printed = session.run("printf '%s ' $A; pwd; echo failed >&2; (exit 3)").expect("it runs");
        assert_eq!((printed.status, printed.lines), (3, vec!["1 /tmp".to_owned(), "failed".to_owned()]));
        assert_eq!(session.run("cat; printf end").expect("it runs").lines, ["end"], "nothing to read");
        session.end().expect("it ends");
    }

    #[test]
    fn a_program_serves_until_the_session_ends() {
        let mut session = session();
        let serve = "sh -c 'echo $$; echo ready; exec tail -f /dev/null'";
        let lines =
            session.serve(serve, |lines| lines.iter().any(|line| line == "ready")).expect("it serves");
        let alive = || Command::new("kill").args(["-0", &lines[0]]).stderr(Stdio::null()).status();
        assert!(alive().expect("a status").success());
        session.end().expect("it ends");
        assert!(!alive().expect("a status").success());
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_its_words() {
        let error = session().serve("echo no such port", |_| false).expect_err("it ended");
        assert!(error.to_string().contains("no such port"), "{error}");
    }
}

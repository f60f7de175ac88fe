//! Azurite, the emulator of storage queues, from its npm package.

mod error;
mod install;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::Instant,
};

pub use self::error::AzuriteError;
use self::error::TIMEOUT;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A running queue server. Dropping it kills it; it also ends by itself when this process ends, however that
/// happens.
#[derive(Debug)]
pub struct Azurite {
    process: Option<Process>,
    port: u16,
    /// None for messages that are only in memory.
    folder: Option<TempDir>,
    accounts: AtomicUsize,
}

/// The process, killed when dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    lines: Mutex<Receiver<String>>,
}

/// Accounts that a server knows; each is handed out once.
const ACCOUNTS: usize = 256;

/// Every account's key, known to the server of a test alone.
const KEY: &str = "dGVzdC1zZXJ2ZXJz";

/// Ends the server when the pipe from this process closes.
const EXIT_WITH_PARENT: &str =
    r#"data:text/javascript,process.stdin.on("end",()=>process.exit()).resume().unref()"#;

impl Azurite {
    /// The one server of this process, started by the first call; its messages are in its memory alone.
    ///
    /// # Errors
    /// See [`AzuriteError`].
    pub fn shared() -> Result<&'static Self, &'static AzuriteError> {
        static SHARED: OnceLock<Result<Azurite, AzuriteError>> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(None)).as_ref()
    }

    /// A separate server, for a test that [stops](Self::stop) it: the messages survive.
    ///
    /// # Errors
    /// See [`AzuriteError`].
    pub fn start() -> Result<Self, AzuriteError> {
        Self::new(Some(tempfile::tempdir().map_err(AzuriteError::Folder)?))
    }

    fn new(folder: Option<TempDir>) -> Result<Self, AzuriteError> {
        let mut server = Self { process: None, port: 0, folder, accounts: AtomicUsize::new(0) };
        server.start_again()?;
        Ok(server)
    }

    /// The connection string of an account that no other test was given: its queues are all missing.
    ///
    /// # Panics
    /// When all 256 accounts are in use.
    #[must_use]
    pub fn account(&self) -> String {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        assert!(number < ACCOUNTS, "all {ACCOUNTS} accounts are given away: raise ACCOUNTS");
        let (name, port) = (account_name(number), self.port);
        format!(
            "DefaultEndpointsProtocol=http;AccountName={name};AccountKey={KEY};\
             QueueEndpoint=http://127.0.0.1:{port}/{name};"
        )
    }

    /// Ends the server as an operator does: nothing listens any more, what was acknowledged is on disk.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        if let Some(pid) = i32::try_from(process.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
        process.said(|line| line.contains("successfully closed").then_some(()));
    }

    /// Starts a stopped server, on the same port.
    ///
    /// # Errors
    /// See [`AzuriteError`].
    pub fn start_again(&mut self) -> Result<(), AzuriteError> {
        let mut process = Process::start(&mut self.command()?)?;
        self.port = process.said(listening).ok_or(AzuriteError::Silent)?;
        self.process = Some(process);
        Ok(())
    }

    fn command(&self) -> Result<Command, AzuriteError> {
        let accounts: Vec<String> =
            (0..ACCOUNTS).map(|number| format!("{}:{KEY}", account_name(number))).collect();
        let mut command = Command::new("node");
        command
            .args(["--no-deprecation", "--import", EXIT_WITH_PARENT])
            .arg(install::program()?)
            .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"])
            .args(["--queueHost", "127.0.0.1", "--queuePort", &self.port.to_string()])
            .env("AZURITE_ACCOUNTS", accounts.join(";"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        match &self.folder {
            Some(folder) => command.arg("--location").arg(folder.path()),
            None => command.arg("--inMemoryPersistence"),
        };
        Ok(command)
    }
}

impl Process {
    /// The server's output is read to the end, because a full pipe would stop it.
    fn start(command: &mut Command) -> Result<Self, AzuriteError> {
        let mut child = command.spawn().map_err(|source| AzuriteError::NoNode { program: "node", source })?;
        let (tell, told) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    tell.send(line).ok();
                }
            });
        }
        Ok(Self { child, lines: Mutex::new(told) })
    }

    /// What `pick` makes of the first line that it takes; none when the process ends or takes too long.
    fn said<T>(&mut self, pick: impl Fn(&str) -> Option<T>) -> Option<T> {
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            if let Some(found) = pick(&line) {
                return Some(found);
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        // Without it a dead process would be left in the table.
        self.child.wait().ok();
    }
}

fn account_name(number: usize) -> String {
    format!("test{number}")
}

/// The port in the line that announces it.
fn listening(line: &str) -> Option<u16> {
    let (_, address) = line.split_once("successfully listens on http://")?;
    address.trim().rsplit_once(':')?.1.parse().ok()
}

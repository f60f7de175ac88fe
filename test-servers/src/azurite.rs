//! Azurite, the emulator of storage queues, from its npm package.

mod install;

use std::{
    io::{self, BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A running queue server. Dropping it kills it; it also ends by itself when this process ends, however that
/// happens.
#[derive(Debug)]
pub struct Azurite {
    process: Option<Child>,
    port: u16,
    /// None for messages in its memory alone.
    folder: Option<TempDir>,
    accounts: AtomicUsize,
}

/// Why there is no Azurite.
#[derive(Debug, thiserror::Error)]
pub enum AzuriteError {
    /// Node's programs are missing.
    #[error("cannot start {program}: install Node 20 or newer, which brings node and npm")]
    NoNode {
        /// `node` or `npm`.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// npm could not install the package.
    #[error("npm could not install {package}; is its registry reachable? npm said: {said}")]
    NotInstalled {
        /// Name and version.
        package: String,
        /// The end of npm's own words.
        said: String,
    },
    /// The tools folder cannot be used.
    #[error("cannot prepare target/tools: make it writable")]
    Folder(#[source] io::Error),
    /// It was started and did not come up.
    #[error("azurite-queue did not listen within {} s; its own words are on stderr", PATIENCE.as_secs())]
    Silent,
}

/// How long it may take to come up or to go.
const PATIENCE: Duration = Duration::from_secs(30);

/// Accounts that a server knows; each is handed out once.
const ACCOUNTS: usize = 256;

/// Every account's key, known to nobody but the server of a test.
const KEY: &str = "dGVzdC1zZXJ2ZXJz";

/// Ends the server when the pipe from this process closes.
const LEASH: &str = r#"data:text/javascript,process.stdin.on("end",()=>process.exit()).resume().unref()"#;

impl Azurite {
    /// The one server of this process, started by the first call; its messages are in its memory alone.
    ///
    /// # Errors
    /// See [`AzuriteError`].
    pub fn shared() -> Result<&'static Self, &'static AzuriteError> {
        static SHARED: OnceLock<Result<Azurite, AzuriteError>> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(None)).as_ref()
    }

    /// A server of its own, for a test that [stops](Self::stop) it: the messages outlive that.
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

    /// The connection string of an account that nobody else was given: its queues are all missing.
    ///
    /// # Panics
    /// When all 256 are given away.
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
        if let Some(pid) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(process.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        end(process);
    }

    /// Starts a stopped server, on the same port.
    ///
    /// # Errors
    /// See [`AzuriteError`].
    pub fn start_again(&mut self) -> Result<(), AzuriteError> {
        let mut process =
            self.command()?.spawn().map_err(|source| AzuriteError::NoNode { program: "node", source })?;
        let port = process.stdout.take().and_then(port_of);
        self.process = Some(process);
        self.port = port.ok_or(AzuriteError::Silent)?;
        Ok(())
    }

    fn command(&self) -> Result<Command, AzuriteError> {
        let accounts: Vec<String> =
            (0..ACCOUNTS).map(|number| format!("{}:{KEY}", account_name(number))).collect();
        let mut command = Command::new("node");
        command
            .args(["--no-deprecation", "--import", LEASH])
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

impl Drop for Azurite {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            end(process);
        }
    }
}

fn account_name(number: usize) -> String {
    format!("test{number}")
}

/// Kills what still runs and takes its exit status, so that no dead process is left in the table.
fn end(mut process: Child) {
    process.kill().ok();
    process.wait().ok();
}

/// The port that it says it listens on. Its output is read to the end, for a full pipe would stop it.
fn port_of(stdout: ChildStdout) -> Option<u16> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(port) = listening(&line) {
                tell.send(port).ok();
            }
        }
    });
    told.recv_timeout(PATIENCE).ok()
}

fn listening(line: &str) -> Option<u16> {
    let (_, address) = line.split_once("successfully listens on http://")?;
    address.trim().rsplit_once(':')?.1.parse().ok()
}

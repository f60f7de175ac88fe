//! Starts a genuine PostgreSQL server for tests: found on the machine, installed or given by URL. It has no TLS unless a
//! test asks for it.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

mod account;
mod database;
mod error;
mod programs;
mod role;
mod tls;

pub use database::Database;
pub use error::{PostgresError, RUNNING_SERVER_VARIABLE};
pub use programs::Source;

use crate::{Issued, port};
pub(crate) use account::Account;
use programs::Programs;
pub(crate) use programs::target;

/// A running server. The server ends with this value or with the process, whichever is earlier.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    source: Source,
    /// None when another process started the server.
    keeper: Option<Mutex<ServerProcess>>,
}

/// The shell that looks after the server; it stops the server when its input ends.
#[derive(Debug)]
struct ServerProcess {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Postgres {
    /// The one server of this process, started on the first call: fast, for it does not wait for the disk.
    ///
    /// # Errors
    /// [`PostgresError`] when there is none to be had; the same for every caller.
    pub fn shared() -> Result<&'static Self, &'static PostgresError> {
        static SHARED: OnceLock<Result<Postgres, PostgresError>> = OnceLock::new();
        SHARED
            .get_or_init(|| match env::var(RUNNING_SERVER_VARIABLE) {
                Ok(url) => Ok(Self { url, source: Source::Given, keeper: None }),
                Err(_) => Self::start(&["fsync=off", "max_connections=300"]),
            })
            .as_ref()
    }

    /// Starts a separate server with these settings (`name=value`).
    ///
    /// # Errors
    /// [`PostgresError`] when there is none to be had.
    pub fn start(settings: &[&str]) -> Result<Self, PostgresError> {
        Self::start_with(None, settings)
    }

    /// Starts a separate server on the data in `folder`, which is made if it is not there. The data stay when the server
    /// ends; one server at a time may use them.
    ///
    /// # Errors
    /// [`PostgresError`] when there is none to be had, or its account may not use the folder.
    pub fn start_in(folder: &Path, settings: &[&str]) -> Result<Self, PostgresError> {
        let account = Account::unprivileged()?;
        let programs = Programs::find(account)?;
        fs::create_dir_all(folder).map_err(failed("making its folder"))?;
        let folder = folder.canonicalize().map_err(failed("finding its folder"))?;
        if let Some(account) = account {
            chown(&folder, Some(account.user), Some(account.group))
                .map_err(failed("giving it its folder"))?;
        }
        Self::serve(&programs, account, None, settings, &folder, "kept")
    }

    /// Starts a separate server with this TLS certificate. Roles other than its administrator have to show a password,
    /// in clear text and behind TLS.
    ///
    /// # Errors
    /// [`PostgresError`] when there is none to be had.
    pub fn start_behind_tls(certificate: &Issued, settings: &[&str]) -> Result<Self, PostgresError> {
        Self::start_with(Some(certificate), settings)
    }

    fn start_with(certificate: Option<&Issued>, settings: &[&str]) -> Result<Self, PostgresError> {
        let account = Account::unprivileged()?;
        let programs = Programs::find(account)?;
        // Between finding a port free and taking it, another process can take it.
        let attempt = || Self::attempt(&programs, account, certificate, settings);
        attempt().or_else(|_| attempt())
    }

    fn attempt(
        programs: &Programs,
        account: Option<Account>,
        certificate: Option<&Issued>,
        settings: &[&str],
    ) -> Result<Self, PostgresError> {
        let folder = folder(account).map_err(failed("making its folder"))?;
        Self::serve(programs, account, certificate, settings, &folder, "fresh")
    }

    fn serve(
        programs: &Programs,
        account: Option<Account>,
        certificate: Option<&Issued>,
        settings: &[&str],
        folder: &Path,
        stays: &str,
    ) -> Result<Self, PostgresError> {
        let port = port::find_free_port().map_err(failed("finding a free port"))?;
        let reachable = programs.accessible_copy(account, folder).map_err(failed("copying its programs"))?;
        let secured = certificate.map(|certificate| tls::prepare(folder, account, certificate)).transpose();
        let secured = secured.map_err(failed("giving it a certificate"))?.unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", include_str!("postgres/serve.sh"), "postgres"]);
        shell
            .args([reachable.as_path(), folder])
            .args([&port.to_string(), stays])
            .args(secured)
            .args(settings);
        shell.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A separate process group: Ctrl-C at a terminal must not reach the server before its keeper.
        shell.process_group(0);
        if let Some(account) = account {
            shell.uid(account.user).gid(account.group);
        }
        let mut keeper = ServerProcess::new(shell, folder.join("log")).map_err(failed("starting a shell"))?;
        if !keeper.answers() {
            let log = fs::read_to_string(&keeper.log).unwrap_or_default();
            return Err(PostgresError::Start { source_of_it: programs.source.to_string(), log });
        }
        Ok(Self {
            url: format!("postgres://postgres@127.0.0.1:{port}"),
            source: programs.source.clone(),
            keeper: Some(Mutex::new(keeper)),
        })
    }

    /// Where the server's programs come from, in words.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The address of its administrator, without a database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A fresh database, gone when the value is.
    ///
    /// # Errors
    /// [`PostgresError::Database`] when the server does not make one.
    pub async fn database(&self) -> Result<Database, PostgresError> {
        Database::create(&self.url).await
    }

    /// Ends the server as a power cut would; false when that failed or the server is somebody else's.
    #[must_use]
    pub fn crash(&self) -> bool {
        self.tell("crash")
    }

    /// Starts the server again after [`crash`](Self::crash), on the same port and data.
    #[must_use]
    pub fn resume(&self) -> bool {
        self.tell("start")
    }

    fn tell(&self, wanted: &str) -> bool {
        let Some(keeper) = &self.keeper else { return false };
        keeper.lock().unwrap_or_else(PoisonError::into_inner).tell(wanted)
    }
}

impl ServerProcess {
    fn new(mut shell: Command, log: PathBuf) -> io::Result<Self> {
        let mut shell = shell.spawn()?;
        let output = shell.stdout.take().map(BufReader::new).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { input: shell.stdin.take(), output, shell, log })
    }

    fn tell(&mut self, wanted: &str) -> bool {
        let told = self.input.as_mut().is_some_and(|input| writeln!(input, "{wanted}").is_ok());
        told && self.answers()
    }

    /// Waits for the answer to the last command.
    fn answers(&mut self) -> bool {
        let mut line = String::new();
        self.output.read_line(&mut line).is_ok() && line.trim_end() == "done"
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.input = None;
        // The shell ends by itself when its input does; waiting only keeps it from outliving this value.
        let _ended = self.shell.wait();
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> PostgresError {
    move |source| PostgresError::Io { doing, source }
}

/// A folder that the server may use; its keeper removes it.
fn folder(account: Option<Account>) -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("test-postgres-").tempdir()?.keep();
    if let Some(account) = account {
        chown(&folder, Some(account.user), Some(account.group))?;
    }
    Ok(folder)
}

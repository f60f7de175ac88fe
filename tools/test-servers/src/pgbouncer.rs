//! PgBouncer with transaction pooling, in front of a server of a test.

use std::{
    fs,
    io::{self, Write as _},
    net::{Ipv4Addr, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use sqlx::postgres::PgConnectOptions;

mod error;
mod program;

pub use error::PgBouncerError;

use crate::{
    Database, Postgres, port,
    postgres::{Account, PostgresError},
};
use program::Program;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running PgBouncer that gives a connection for one transaction at a time. It ends with this value or with the
/// process, whichever is earlier.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    version: (u32, u32),
    keeper: Child,
}

impl PgBouncer {
    /// The one of this process before [`Postgres::shared`], started on the first call: fewer connections of the server
    /// than a worker has, so that they change hands.
    ///
    /// # Errors
    /// [`PgBouncerError`] when there is none to be had; the same for every caller.
    pub fn shared() -> Result<&'static Self, &'static PgBouncerError> {
        static SHARED: OnceLock<Result<PgBouncer, PgBouncerError>> = OnceLock::new();
        let start = || match Postgres::shared() {
            Ok(server) => Self::start(server, &["default_pool_size = 3"]),
            Err(error) => Err(PgBouncerError::NoServer(error.to_string())),
        };
        SHARED.get_or_init(start).as_ref()
    }

    /// Starts one in front of `server`, with these settings (`name = value`).
    ///
    /// # Errors
    /// [`PgBouncerError`] when there is none to be had.
    pub fn start(server: &Postgres, settings: &[&str]) -> Result<Self, PgBouncerError> {
        let account = Account::unprivileged()?;
        let program = Program::find()?;
        // Between finding a port free and taking it, another process can take it.
        let attempt = || Self::attempt(&program, account, server, settings);
        attempt().or_else(|_| attempt())
    }

    fn attempt(
        program: &Program,
        account: Option<Account>,
        server: &Postgres,
        settings: &[&str],
    ) -> Result<Self, PgBouncerError> {
        let port = port::find_free_port().map_err(failed("finding a free port"))?;
        let folder = tempfile::Builder::new().prefix("test-pgbouncer-").tempdir();
        let folder = folder.map_err(failed("making its folder"))?.keep();
        let written = write(&folder, port, server, settings);
        written.map_err(failed("writing its settings"))?;
        let program = program.accessible_copy(account, &folder).map_err(failed("copying its program"))?;
        if let Some(account) = account {
            let owner = format!("{}:{}", account.user, account.group);
            let given = Command::new("chown").args(["-R", &owner]).arg(&folder).status();
            given.map_err(failed("giving it its folder"))?;
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", include_str!("pgbouncer/serve.sh"), "pgbouncer"]).arg(&program.file).arg(&folder);
        shell.envs(program.environment()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A separate process group: Ctrl-C at a terminal must not reach it before its keeper.
        shell.process_group(0);
        if let Some(account) = account {
            shell.uid(account.user).gid(account.group);
        }
        let keeper = shell.spawn().map_err(failed("starting a shell"))?;
        let mut bouncer = Self { port, version: program.version, keeper };
        if bouncer.listens() {
            return Ok(bouncer);
        }
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        Err(PgBouncerError::Start { program: program.file, log })
    }

    /// Waits until it listens; false when it ended or takes too long.
    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline && self.keeper.try_wait().is_ok_and(|ended| ended.is_none()) {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// The address of a database of its server, through it.
    #[must_use]
    pub fn url(&self, database: &Database) -> String {
        let direct = database.url();
        let (server, name) = direct.rsplit_once('/').unwrap_or((&direct, ""));
        let user = server.rsplit_once('@').map_or(server, |(user, _)| user);
        format!("{user}@127.0.0.1:{}/{name}", self.port)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its version, as (1, 18).
    #[must_use]
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// Whether this version can track named statements, with `max_prepared_statements`
    /// (<https://www.pgbouncer.org/changelog.html#pgbouncer-121x>).
    #[must_use]
    pub fn can_track_statements(&self) -> bool {
        self.version >= (1, 21)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The shell ends by itself when its input does; waiting only keeps it from outliving this value.
        let _ended = self.keeper.wait();
    }
}

/// Writes its settings. Every role of the server may sign in, as at the server itself.
fn write(folder: &Path, port: u16, server: &Postgres, settings: &[&str]) -> io::Result<()> {
    let server: PgConnectOptions = server.url().parse().map_err(io::Error::other)?;
    let (host, server_port, user) = (server.get_host(), server.get_port(), server.get_username());
    let mut ini = fs::File::create(folder.join("pgbouncer.ini"))?;
    writeln!(ini, "[databases]\n* = host={host} port={server_port} auth_user={user}\n[pgbouncer]")?;
    writeln!(
        ini,
        "listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\npool_mode = transaction"
    )?;
    writeln!(ini, "auth_type = trust\nauth_file = {}", folder.join("users").display())?;
    // Each test has a database, whose connections are of no use to the next one.
    writeln!(ini, "max_client_conn = 1000\nserver_idle_timeout = 5")?;
    // As docs/scale.md advises: by default no login follows a refused one for 15 s, whatever the worker does.
    writeln!(ini, "server_login_retry = 1")?;
    for setting in settings {
        writeln!(ini, "{setting}")?;
    }
    fs::write(folder.join("users"), format!("\"{user}\" \"\"\n"))
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> PgBouncerError {
    move |source| PgBouncerError::Io { doing, source }
}

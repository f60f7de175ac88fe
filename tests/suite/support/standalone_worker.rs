//! A worker that no host has started: the test holds its streams and sends its signals.

use std::{
    io::{BufRead, BufReader, Read},
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{Client, Principal, SOON, TENANT, binary};

/// Calls that are under way at once.
const AT_ONCE: usize = 16;

/// A worker with everything that it needs to serve on this port, after these commands of a shell. The worker trusts
/// principal headers, as behind a platform that has checked the token.
pub(crate) fn command(worker: &Path, shell: &str, port: u16, folder: &TempDir) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{shell}; exec \"$0\"")]).arg(worker).env_clear().stdin(Stdio::null());
    command.envs([
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development".to_owned()),
        ("WEBSITE_AUTH_ENABLED", "True".to_owned()),
        ("ORDERS_IDENTITY", "easyauth".to_owned()),
        ("ORDERS_ENTRA_TENANT_ID", TENANT.to_owned()),
        ("ORDERS_RATE_LIMIT", "off".to_owned()),
        ("ORDERS_DATABASE_URL", format!("sqlite://{}", folder.path().join("orders.db").display())),
    ]);
    command
}

/// A port at which nothing listens.
pub(crate) fn free_port() -> u16 {
    test_servers::port::find_free_port().expect("a free port")
}

/// A worker that serves. Dropping it kills the process.
pub(crate) struct StandaloneWorker {
    pub(crate) child: Child,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl StandaloneWorker {
    /// Starts it with this stdout and waits until it answers.
    pub(crate) async fn start(stdout: impl Into<Stdio>) -> Self {
        Self::start_after(":", stdout).await
    }

    /// As [`Self::start`], after these commands of a shell.
    pub(crate) async fn start_after(shell: &str, stdout: impl Into<Stdio>) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a temporary folder"));
        let mut command = command(&binary(), shell, port, &folder);
        // The statements of the database make some hundred bytes more of each call.
        command.env("ORDERS_LOG", "info,sqlx=debug").stdout(stdout).stderr(Stdio::null());
        let child = command.spawn().expect("the binary runs");
        let worker = Self { child, port, _folder: folder };
        let answers = || tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        within(SOON, "the worker listens", async || answers().await.is_ok()).await;
        worker
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.port))
    }

    pub(crate) fn caller(&self, principal: &Principal) -> Client {
        self.anonymous().bearer("unread").with("x-ms-client-principal", &principal.header())
    }

    /// Sends this many calls, which must be answered 200; returns the seconds that they took.
    pub(crate) async fn calls(&self, count: usize) -> f64 {
        let (buyer, began) = (self.caller(&Principal::user(TENANT, 1)), Instant::now());
        let calls = stream::iter(0..count).map(|_| buyer.get("/api/products")).buffer_unordered(AT_ONCE);
        calls.for_each(async |reply| assert_eq!(reply.status, 200, "{reply:?}")).await;
        began.elapsed().as_secs_f64()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the worker runs");
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end of the process, for so long.
    pub(crate) async fn ends(&mut self, limit: Duration) -> ExitStatus {
        let mut ended = None;
        within(limit, "the worker ends", async || {
            ended = self.child.try_wait().expect("it is a child");
            ended.is_some()
        })
        .await;
        ended.expect("it has ended")
    }
}

impl Drop for StandaloneWorker {
    fn drop(&mut self) {
        // The process may have ended already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Waits until this holds.
pub(crate) async fn within(limit: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut look_again = tokio::time::interval(Duration::from_millis(20));
    let search = async {
        while !holds().await {
            look_again.tick().await;
        }
    };
    assert!(tokio::time::timeout(limit, search).await.is_ok(), "{what}: not within {limit:?}");
}

/// Log lines as a thread reads them.
#[derive(Clone, Default)]
pub(crate) struct ReadLog(Arc<Mutex<Vec<Value>>>);

impl ReadLog {
    /// Reads to the end, as fast as it can.
    pub(crate) fn of(log: impl Read + Send + 'static) -> Self {
        let read = Self::default();
        let lines = Arc::clone(&read.0);
        thread::spawn(move || {
            for line in BufReader::new(log).lines() {
                let line = line.expect("UTF-8");
                let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
                lines.lock().expect("nothing panics with it").push(line);
            }
        });
        read
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.0.lock().expect("nothing panics with it").clone()
    }

    pub(crate) fn count(&self, event: &str) -> u64 {
        self.lines().iter().filter(|line| line["event"] == event).count() as u64
    }

    /// How many lines of this level were dropped, `audit` among them, by the lines that report it.
    pub(crate) fn dropped(&self, level: &str) -> u64 {
        let count = |line: &Value| line[format!("dropped_{level}")].as_u64();
        self.lines().iter().filter_map(count).sum()
    }

    /// Waits until all that was logged of calls is read, or counted as dropped. Every line of level INFO ends a call.
    pub(crate) async fn accounts_for(&self, calls: u64) {
        let (ended, dropped) = (|| self.count("invocation-ended"), || self.dropped("info"));
        within(SOON, "each call is read or counted", async || ended() + dropped() >= calls).await;
        assert_eq!(ended() + dropped(), calls, "{} calls were read", ended());
    }
}

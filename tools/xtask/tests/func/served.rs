//! A running `cargo xtask func`.

use std::{
    env,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use test_servers::port;

/// The first start compiles the worker, and the real host fetches its extension bundle.
const START: Duration = Duration::from_mins(10);
/// The host ends its worker and then itself.
const END: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// The app under the `func` of a PATH, with a database of its own; it ends when dropped.
pub(crate) struct Served {
    child: Child,
    url: String,
    client: Client,
    _folder: TempDir,
}

impl Served {
    /// Starts it and waits until it is healthy; without storage it serves no queue.
    pub(crate) async fn start(path: &str, storage: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Core Tools cannot say which port they have chosen.
        let port = port::find_free_port().expect("a free port").to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["func", "--port", &port, "--issuer-port", "0"]).process_group(0).env("PATH", path);
        command.env("ORDERS_DATABASE_URL", format!("sqlite://{}/story.db", folder.path().display()));
        // No terminal that a host in the background would wait for, and no log between the outcomes of tests.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match storage {
            Some(storage) => command.env("AzureWebJobsStorage", storage).env("WorkQueues", storage),
            None => command.arg("--http-only"),
        };
        let client = Client::builder().no_proxy().build().expect("a client");
        let child = command.spawn().expect("xtask starts");
        let mut served = Self { child, url: format!("http://localhost:{port}"), client, _folder: folder };
        let started = Instant::now();
        while !served.is_healthy().await {
            assert_eq!(served.child.try_wait().expect("a child"), None, "it ended and has said why");
            assert!(started.elapsed() < START, "no answer of the host");
            tokio::time::sleep(PAUSE).await;
        }
        served
    }

    async fn is_healthy(&self) -> bool {
        self.call(Method::GET, "/api/health").send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// An anonymous call.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// The token of one of the app's users.
    pub(crate) fn token(person: &str) -> String {
        let token = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["token", person]).output();
        let token = String::from_utf8(token.expect("a token").stdout).expect("text");
        token.trim().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        kill_process_group(group, Signal::INT).ok();
        let told = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && told.elapsed() < END {
            sleep(PAUSE);
        }
        kill_process_group(group, Signal::KILL).ok();
        self.child.wait().ok();
    }
}

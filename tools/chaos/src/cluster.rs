//! The app under test: one database, one set of queues, and two hosts with a worker each.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use functions_emulator::{
    ConsoleOptions, Emulator, Event, Events, Options,
    app::stage_app,
    easyauth::EasyAuthMode,
    queues::{MemoryQueues, QueueCounts},
    users::Users,
};
use project::{Project, WORKER_NAME, issuer_settings};
use tempfile::TempDir;
use tokio::sync::{Mutex, broadcast::Receiver};

use super::{
    api_client::ApiClient,
    clocks::SkewedClock,
    engine::{Engine, RunDatabase},
};
/// Every queue of the app.
const QUEUES: [&str; 4] =
    ["orders-incoming", "orders-incoming-poison", "orders-fulfilment", "orders-fulfilment-poison"];

/// Waits that production has in minutes.
const SHORTENED: [(&str, &str); 3] = [
    ("ORDERS_OUTBOX_DEADLINE", "1s"),
    ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01"),
    ("FUNCTIONS_EMULATOR_QUEUE_LEASE", "00:00:02"),
];

/// What is put to the test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup<'a> {
    pub(super) worker: &'a Path,
    /// Whether that worker's clock can jump.
    pub(super) clocks: bool,
    /// The fault planted in it.
    pub(super) injected_fault: Option<&'a str>,
}

/// Both workers and all that they share.
pub(super) struct TestCluster {
    pub(super) nodes: [Node; 2],
    pub(super) queues: MemoryQueues,
    pub(super) users: Users,
    pub(super) database: RunDatabase,
    /// While it is held, no worker is killed.
    pub(super) no_kills: Mutex<()>,
    _folder: TempDir,
}

/// A host, its worker, and those who call them.
pub(super) struct Node {
    /// How the host brings HTTP calls to the worker.
    pub(super) mode: &'static str,
    pub(super) host: Emulator,
    pub(super) api: ApiClient,
    /// What its worker takes for the time.
    pub(super) clock: SkewedClock,
}

impl TestCluster {
    /// Starts both hosts on a new database, and waits until their workers answer; with each the events of its host.
    pub(super) async fn start(
        project: &Project,
        setup: &Setup<'_>,
        engine: &Engine,
    ) -> anyhow::Result<(Self, [Receiver<Event>; 2])> {
        let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
        let app = folder.path().join("app");
        stage_app(project.root(), setup.worker, WORKER_NAME, &app).context("cannot stage the app")?;
        let database = engine.fresh(folder.path(), setup.worker).await?;
        let (queues, users) = (MemoryQueues::default(), project.users()?);
        let start = async |mode: &'static str, proxying: bool| {
            let events = Events::new();
            let log = events.subscribe();
            let clock = SkewedClock::new(folder.path().join(format!("clock-of-{mode}")))?;
            let mut settings = settings(&database.url(), proxying);
            settings.extend(database.pooler());
            if setup.clocks {
                // By a clock that is off by days every token is out of date; EasyAuth has checked it already.
                settings.push(("ORDERS_IDENTITY".to_owned(), "easyauth".to_owned()));
                settings.push(("ORDERS_ENTRA_TENANT_ID".to_owned(), users.tenant().to_string()));
                settings.push(("SHIFTED_CLOCK".to_owned(), clock.file().display().to_string()));
            } else {
                settings.extend(issuer_settings(&users));
            }
            settings.extend(setup.injected_fault.map(|name| ("INJECTED_FAULT".to_owned(), name.to_owned())));
            let state = project.target_folder().join("chaos").join("state");
            let options = Options {
                app_root: app.clone(),
                listen: ([127, 0, 0, 1], 0).into(),
                settings,
                easyauth: EasyAuthMode::On,
                users: Some(users.clone()),
                state: state.clone(),
                keys: None,
                queues: queues.clone().into(),
                events,
                console: ConsoleOptions::default(),
            };
            let host = Emulator::start(options).await?;
            host.ready().await?;
            let api = ApiClient::new(host.url(), &state, &users)?;
            anyhow::Ok((Node { mode, host, api, clock }, log))
        };
        let (proxy, proxy_heard) = start("proxy", true).await?;
        let (envelope, envelope_heard) = start("envelope", false).await?;
        let (nodes, no_kills) = ([proxy, envelope], Mutex::default());
        let cluster = Self { nodes, queues, users, database, no_kills, _folder: folder };
        Ok((cluster, [proxy_heard, envelope_heard]))
    }

    /// Whether no queue holds a message, visible or not.
    pub(super) fn queues_are_empty(&self) -> bool {
        QUEUES.iter().all(|queue| self.queues.counts(queue) == QueueCounts::default())
    }

    /// Stops both hosts.
    pub(super) async fn stop(self) {
        for node in self.nodes {
            node.host.stop().await;
        }
    }
}

impl Node {
    /// Kills the worker as the platform does, without warning. False when none runs just now.
    pub(super) fn kill(&self) -> bool {
        let pid = self.host.worker_pid().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?));
        pid.is_some_and(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok())
    }

    /// Waits a while for a worker that answers.
    pub(super) async fn serves(&self) {
        // A worker that does not start in time does not end the run: the checks show the consequences.
        let _whether = tokio::time::timeout(Duration::from_secs(5), self.host.worker_address()).await;
    }
}

fn settings(database: &str, proxying: bool) -> Vec<(String, String)> {
    let on = |name: &str, on: bool| {
        (format!("AzureFunctionsJobHost__customHandler__enable{name}HttpRequest"), on.to_string())
    };
    let mut settings = vec![
        ("ORDERS_RATE_LIMIT".to_owned(), "off".to_owned()),
        ("ORDERS_DATABASE_URL".to_owned(), database.to_owned()),
        ("ORDERS_LOG".to_owned(), "warn,orders_worker::telemetry=debug".to_owned()),
        on("Proxying", proxying),
        on("Forwarding", false),
    ];
    settings.extend(SHORTENED.map(|(name, value)| (name.to_owned(), value.to_owned())));
    settings
}

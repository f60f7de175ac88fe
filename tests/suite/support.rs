//! A running app in its own folder, and a client per kind of caller.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use functions_emulator::{
    ConsoleOptions, Emulator, Event, Events, Options,
    access_keys::AccessKeys,
    clock::Clock,
    easyauth::EasyAuthMode,
    issuer::{Issuer, TokenOptions},
    queues::Connections,
    supervisor::EMULATOR_URL,
    users::Users,
};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

mod admin_server;
mod standalone_worker;
mod client;
mod database;
mod openapi_check;
mod event_log;
mod token_postgres;
mod kept_log;
mod principal;
mod queues;
mod raw_connection;
mod signals;
mod app_folder;

pub(crate) use admin_server::AdminServer;
pub(crate) use app_folder::{Part, binary};
pub(crate) use client::{Client, Reply, a_revision, an_order};
pub(crate) use database::{migrate, migration, on_a_server};
pub(crate) use event_log::{EventLog, id};
pub(crate) use openapi_check::document;
pub(crate) use principal::{ABROAD, Principal, TENANT, object_id};
pub(crate) use queues::{Place, TestQueues, deliver, deliver_text, payload};
pub(crate) use raw_connection::{RawConnection, enveloped};
pub(crate) use signals::{kill, terminate};
pub(crate) use standalone_worker::{ReadLog, StandaloneWorker, command, free_port, within};
pub(crate) use token_postgres::{ROLE, TokenPostgres, token};

use database::AppDatabase;

/// How long anything is waited for that is to come true, on whatever machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// How the host brings a call to the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// `enableProxyingHttpRequest`.
    Proxy,
    /// `enableForwardingHttpRequest` alone.
    Forward,
    /// Neither forwarding nor proxying is enabled: every call is an envelope.
    Envelope,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::Proxy, Self::Forward, Self::Envelope];

    fn settings(self) -> [(String, String); 2] {
        let set = |name: &str, on: bool| {
            (format!("AzureFunctionsJobHost__customHandler__enable{name}HttpRequest"), on.to_string())
        };
        [set("Proxying", self == Self::Proxy), set("Forwarding", self == Self::Forward)]
    }
}

/// Makes each test run in each invocation mode.
macro_rules! in_every_mode {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            #[tokio::test]
            async fn proxy() {
                super::$promise($crate::support::Mode::Proxy).await;
            }
            #[tokio::test]
            async fn forward() {
                super::$promise($crate::support::Mode::Forward).await;
            }
            #[tokio::test]
            async fn envelope() {
                super::$promise($crate::support::Mode::Envelope).await;
            }
        }
    )+ };
}
pub(crate) use in_every_mode;

/// Stamps each promise onto each mode with the host's own queues, and once onto those of a queue server: what the
/// host puts into an envelope for a message is the same in every mode.
macro_rules! in_every_mode_and_at_a_queue_server {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            use crate::support::{Mode, Place, Setup};

            #[tokio::test]
            async fn proxy() {
                super::$promise(Setup::in_mode(Mode::Proxy)).await;
            }
            #[tokio::test]
            async fn forward() {
                super::$promise(Setup::in_mode(Mode::Forward)).await;
            }
            #[tokio::test]
            async fn envelope() {
                super::$promise(Setup::in_mode(Mode::Envelope)).await;
            }
            #[tokio::test]
            async fn queue_server() {
                super::$promise(Setup::in_mode(Mode::Proxy).queues(Place::AtServer)).await;
            }
        }
    )+ };
}
pub(crate) use in_every_mode_and_at_a_queue_server;

/// How callers are authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IdentityMode {
    /// Header and token: what the worker demands by default.
    Both,
    /// `easyauth`.
    Header,
    /// `easyauth`, and no tenant set: on a developer's machine alone.
    HeaderOfAnyTenant,
    /// `jwt`.
    Token,
}

impl IdentityMode {
    fn settings(self, users: &Users) -> Vec<(String, String)> {
        let tokens = [
            ("ORDERS_ENTRA_TENANT_ID", users.tenant().to_string()),
            ("ORDERS_ENTRA_AUDIENCE", users.audience().to_owned()),
            ("ORDERS_ENTRA_AUTHORITY", format!("{EMULATOR_URL}/_emulator/issuer")),
        ];
        let mode = |name: &str| ("ORDERS_IDENTITY", name.to_owned());
        let settings = match self {
            Self::Both => tokens.to_vec(),
            Self::Header => vec![mode("easyauth"), tokens[0].clone()],
            Self::HeaderOfAnyTenant => vec![mode("easyauth")],
            Self::Token => tokens.into_iter().chain([mode("jwt")]).collect(),
        };
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// What a running app is to be like.
pub(crate) struct Setup {
    mode: Mode,
    evidence: IdentityMode,
    easyauth: EasyAuthMode,
    queues: Place,
    keys: Option<AccessKeys>,
    part: Part,
    program: PathBuf,
    settings: Vec<(String, String)>,
    stocked: Option<&'static str>,
    continued: Option<(String, Connections)>,
}

impl Setup {
    pub(crate) fn in_mode(mode: Mode) -> Self {
        Self {
            mode,
            evidence: IdentityMode::Both,
            easyauth: EasyAuthMode::On,
            queues: Place::InProcess,
            keys: None,
            part: Part::Whole,
            program: binary(),
            settings: Vec::new(),
            stocked: None,
            continued: None,
        }
    }

    /// Has a product of this sku at 12.90 euro in the database before the worker starts: without a tenant no
    /// caller may put one there.
    pub(crate) fn stocked(mut self, sku: &'static str) -> Self {
        self.stocked = Some(sku);
        self
    }

    pub(crate) fn easyauth(mut self, easyauth: EasyAuthMode) -> Self {
        self.easyauth = easyauth;
        self
    }

    pub(crate) fn identity_mode(mut self, evidence: IdentityMode) -> Self {
        self.evidence = evidence;
        self
    }

    pub(crate) fn queues(mut self, queues: Place) -> Self {
        self.queues = queues;
        self
    }

    pub(crate) fn keys(mut self, keys: AccessKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Deploys a part of it alone.
    pub(crate) fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Serves the database and the queues of another app, which must be stopped first and not dropped.
    pub(crate) fn continuing(mut self, app: &TestApp) -> Self {
        self.continued = Some((app.database_url.clone(), app.connections.clone()));
        self
    }

    /// Starts this instead of the binary under test, which it has to become.
    pub(crate) fn program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it and waits until the worker answers.
    pub(crate) async fn start(self) -> TestApp {
        let app = self.launch().await;
        app.host.ready().await.expect("the worker starts");
        app
    }

    /// Starts it without waiting for the worker.
    pub(crate) async fn launch(self) -> TestApp {
        let folder = tempfile::tempdir().expect("a temporary folder");
        app_folder::stage(&folder.path().join("app"), self.part, &self.program)
            .expect("the app can be staged");
        let database = AppDatabase::fresh(&folder).await;
        if let Some(sku) = self.stocked {
            database.stock(sku).await;
        }
        let storage = self.queues.setting();
        let events = Events::new();
        let (database_url, connections) = self
            .continued
            .unwrap_or_else(|| (database.url.clone(), queues::connections(storage.clone(), events.clone())));
        let queues = queues::of(&connections);
        let users =
            Users::load(&repository().join("functions-emulator.json")).expect("the users file is right");
        let mut settings = database::settings(&database_url, &self.settings);
        settings.push(("ORDERS_RATE_LIMIT".to_owned(), "off".to_owned()));
        settings.extend(self.evidence.settings(&users));
        settings.extend(self.mode.settings());
        settings.extend(self.settings);
        settings.extend(storage);
        let heard = events.subscribe();
        kept_log::keep(events.subscribe());
        let options = Options {
            app_root: folder.path().join("app"),
            listen: ([127, 0, 0, 1], 0).into(),
            settings,
            easyauth: self.easyauth,
            users: Some(users.clone()),
            state: state(),
            keys: self.keys,
            queues: connections.clone(),
            events,
            console: ConsoleOptions::default(),
        };
        let host = Emulator::start(options).await.expect("the host starts");
        let issuer = Issuer::open(&state(), host.url(), &users).expect("the issuer has a key");
        let queues = TestQueues(queues);
        TestApp { host, queues, heard, issuer, database_url, connections, database, _folder: folder }
    }
}

/// A running app.
pub(crate) struct TestApp {
    pub(crate) host: Emulator,
    pub(crate) queues: TestQueues,
    pub(crate) heard: Receiver<Event>,
    issuer: Issuer,
    database_url: String,
    connections: Connections,
    database: AppDatabase,
    _folder: TempDir,
}

impl TestApp {
    /// An app with the default setup.
    pub(crate) async fn start(mode: Mode) -> Self {
        Setup::in_mode(mode).start().await
    }

    /// Makes every dead letter this many days older.
    pub(crate) async fn age_letters(&self, days: i64) {
        self.database.age_letters(days).await;
    }

    /// An anonymous caller: no token.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.host.url())
    }

    /// A client that talks to the worker itself, as any process of the machine could.
    pub(crate) async fn at_the_worker(&self) -> Client {
        let address = self.host.worker_address().await.expect("the worker runs");
        Client::new(&format!("http://{address}"))
    }

    /// One of the users of `functions-emulator.json`, with a token of the local issuer.
    pub(crate) fn user(&self, name: &str) -> Client {
        self.anonymous().bearer(&self.token_of(name))
    }

    /// The token of one of the users of `functions-emulator.json`.
    pub(crate) fn token_of(&self, name: &str) -> String {
        let person = self.users().named(name).expect("the user is in functions-emulator.json");
        let now = Clock::system().now();
        self.issuer.token(person, &TokenOptions::default(), now).expect("the issuer signs")
    }

    /// The users of `functions-emulator.json`.
    pub(crate) fn users(&self) -> &Users {
        self.issuer.users()
    }

    /// A caller whose principal header and token the test writes itself; only a bypassed EasyAuth lets the header
    /// through.
    pub(crate) fn principal(&self, principal: &Principal) -> Client {
        self.signed_in(&self.anonymous(), principal)
    }

    /// The same caller through an existing HTTP client.
    pub(crate) fn signed_in(&self, client: &Client, principal: &Principal) -> Client {
        client.bearer(&self.token(principal)).with("x-ms-client-principal", &principal.header())
    }

    /// A token that is good from now on.
    pub(crate) fn token(&self, principal: &Principal) -> String {
        self.token_issued(principal, 0)
    }

    /// A token that was issued this many seconds ago.
    pub(crate) fn token_issued(&self, principal: &Principal, ago: i64) -> String {
        principal.token(&self.issuer, Clock::system().now().timestamp() - ago)
    }

    /// A token with any claims.
    pub(crate) fn signed(&self, claims: &serde_json::Value) -> String {
        self.issuer.sign(claims).expect("the issuer signs")
    }

    /// Waits for something to come true, with a deadline.
    pub(crate) async fn eventually(
        &self,
        what: &str,
        within: Duration,
        mut holds: impl AsyncFnMut() -> bool,
    ) {
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        let search = async {
            while !holds().await {
                look_again.tick().await;
            }
        };
        assert!(tokio::time::timeout(within, search).await.is_ok(), "{what}: not within {within:?}");
    }

    /// Waits until an order has this status.
    pub(crate) async fn becomes(&self, client: &Client, location: &str, status: &str, within: Duration) {
        self.eventually(&format!("{location} becomes {status}"), within, async || {
            let reply = client.get(location).await;
            reply.status == 200 && reply.json()["status"] == status
        })
        .await;
    }
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One issuer key serves all tests: making one takes longer than most of them.
pub(crate) fn state() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("functions-emulator")
}

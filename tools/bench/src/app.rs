//! The worker under the emulator, for what only a host can bring: messages, and the way through it.

use std::path::Path;

use anyhow::Context as _;
use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options,
    app::stage_app,
    clock::Clock,
    easyauth::EasyAuthMode,
    issuer::{Issuer, TokenOptions},
    queues::MemoryQueues,
    users::Users,
};
use tempfile::TempDir;

/// The repository's app on a database, with queues in this process.
pub(crate) struct App {
    pub(crate) host: Emulator,
    pub(crate) queues: MemoryQueues,
    users: Users,
    folder: TempDir,
}

impl App {
    /// Stages the app and starts it with host.json as it ships.
    pub(crate) async fn start(root: &Path, worker: &Path, database: &str, pool: u32) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the app")?;
        let app_root = folder.path().join("app");
        stage_app(root, worker, "orders-worker", &app_root).context("cannot stage the app")?;
        let (queues, users) = (MemoryQueues::default(), Users::load(&root.join("functions-emulator.json"))?);
        let settings = [
            ("ORDERS_IDENTITY", "easyauth"),
            ("ORDERS_ENTRA_TENANT_ID", &users.tenant().to_string()),
            ("ORDERS_DATABASE_URL", database),
            ("ORDERS_DATABASE_POOL", &pool.to_string()),
            ("ORDERS_RATE_LIMIT", "off"),
        ];
        let options = Options {
            app_root,
            listen: ([127, 0, 0, 1], 0).into(),
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            easyauth: EasyAuthMode::On,
            users: Some(users.clone()),
            state: folder.path().join("state"),
            keys: None,
            queues: queues.clone().into(),
            events: Events::new(),
            console: ConsoleOptions::default(),
        };
        let host = Emulator::start(options).await?;
        host.ready().await?;
        Ok(Self { host, queues, users, folder })
    }

    /// A bearer token of a person of the users file.
    pub(crate) fn token(&self, person: &str) -> anyhow::Result<String> {
        let issuer = Issuer::open(&self.folder.path().join("state"), self.host.url(), &self.users)?;
        let person = self.users.named(person).with_context(|| format!("there is no {person}"))?;
        Ok(issuer.token(person, &TokenOptions::default(), Clock::system().now())?)
    }

    /// The audience of its tokens.
    pub(crate) fn audience(&self) -> &str {
        self.users.audience()
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await;
    }
}

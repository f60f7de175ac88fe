//! The worker under the local host, for what only a host can bring: messages, and the way through it.

use std::path::Path;

use anyhow::Context as _;
use functions_emulator::{
    ConsoleOptions, Events, LocalHost, Options,
    app::lay_out,
    clock::Clock,
    front::FrontMode,
    issuer::{Issuer, TokenOptions},
    people::People,
    queues::MemoryQueues,
};
use tempfile::TempDir;

/// The repository's app on a database, with queues in this process.
pub(crate) struct App {
    pub(crate) host: LocalHost,
    pub(crate) queues: MemoryQueues,
    people: People,
    folder: TempDir,
}

impl App {
    /// Stages the app and starts it with host.json as it ships.
    pub(crate) async fn start(root: &Path, worker: &Path, database: &str, pool: u32) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the app")?;
        let app_root = folder.path().join("app");
        lay_out(root, worker, "orders-worker", &app_root).context("cannot stage the app")?;
        let (queues, people) = (MemoryQueues::default(), People::load(&root.join(".local-host.json"))?);
        let settings = [
            ("ORDERS_IDENTITY", "easyauth"),
            ("ORDERS_ENTRA_TENANT_ID", &people.tenant().to_string()),
            ("ORDERS_DATABASE_URL", database),
            ("ORDERS_DATABASE_POOL", &pool.to_string()),
            ("ORDERS_RATE_LIMIT", "off"),
        ];
        let options = Options {
            app_root,
            listen: ([127, 0, 0, 1], 0).into(),
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            front: FrontMode::On,
            people: Some(people.clone()),
            state: folder.path().join("state"),
            keys: None,
            queues: queues.clone().into(),
            events: Events::new(),
            console: ConsoleOptions::default(),
        };
        let host = LocalHost::start(options).await?;
        host.ready().await?;
        Ok(Self { host, queues, people, folder })
    }

    /// A bearer token of a person of the people file.
    pub(crate) fn token(&self, person: &str) -> anyhow::Result<String> {
        let issuer = Issuer::open(&self.folder.path().join("state"), self.host.url(), &self.people)?;
        let person = self.people.named(person).with_context(|| format!("there is no {person}"))?;
        Ok(issuer.token(person, &TokenOptions::default(), Clock::system().now())?)
    }

    /// The audience of its tokens.
    pub(crate) fn audience(&self) -> &str {
        self.people.audience()
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await;
    }
}

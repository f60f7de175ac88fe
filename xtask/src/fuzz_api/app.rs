//! The app under test, with products in its table.

use anyhow::Context as _;
use local_host::{Events, LocalHost, Options, front::FrontMode, queues::Queues};
use tempfile::TempDir;

use crate::{chaos, dev, project::Project};

/// A host, its worker, and their folder.
pub(super) struct App {
    host: LocalHost,
    _folder: TempDir,
}

impl App {
    /// Starts it on a new database and fills its product table.
    pub(super) async fn start(project: &Project) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
        let app_root = folder.path().join("app");
        let worker = chaos::worker(project)?;
        chaos::stage(project.root(), &worker, &app_root).context("cannot stage the app")?;
        let database = folder.path().join("orders.db");
        let people = project.people()?;
        let settings = [
            ("ORDERS_IDENTITY", "easyauth".to_owned()),
            ("ORDERS_DATABASE_URL", format!("sqlite://{}", database.display())),
            ("ORDERS_RATE_LIMIT", "off".to_owned()),
            ("ORDERS_LOG", "error".to_owned()),
        ];
        let options = Options {
            app_root,
            listen: ([127, 0, 0, 1], 0).into(),
            settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
            front: FrontMode::On,
            people: Some(people.clone()),
            state: project.state(),
            keys: None,
            queues: Queues::default(),
            events: Events::new(),
        };
        let host = LocalHost::start(options).await?;
        host.ready().await?;
        dev::products(project, &people, host.url()).await?;
        Ok(Self { host, _folder: folder })
    }

    pub(super) fn url(&self) -> &str {
        self.host.url()
    }

    pub(super) async fn stop(self) {
        self.host.stop().await;
    }
}

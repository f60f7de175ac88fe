//! The app on a new database with products in its table, for trials from outside.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options, app::stage_app, easyauth::EasyAuthMode, issuer::TokenOptions,
    queues::Connections, users::Users,
};
use project::{Profile, Project, WORKER_NAME, WORKER_UNDER_TEST_VARIABLE, issuer_settings};
use reqwest::redirect::Policy;
use tempfile::TempDir;

use crate::{dev, token};

/// Reads the description; everybody who has a token may.
const READER: &str = "buyer";

/// A host, its worker, and their folder.
pub(crate) struct App {
    host: Emulator,
    description: PathBuf,
    _folder: TempDir,
}

impl App {
    /// Starts it on a new database and fills its product table; `log` is the worker's `ORDERS_LOG`.
    pub(crate) async fn start(project: &Project, log: &str) -> anyhow::Result<Self> {
        Self::start_with(project, log, |_| {}).await
    }

    /// As [`Self::start`], with changed options.
    pub(crate) async fn start_with(
        project: &Project,
        log: &str,
        change: impl FnOnce(&mut Options),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
        let users = project.users()?;
        let mut options = options(project, &worker(project)?, folder.path(), log)?;
        change(&mut options);
        let host = Emulator::start(options).await?;
        host.ready().await?;
        dev::products(project, &users, host.url()).await?;
        let description = folder.path().join("openapi.json");
        fs::write(&description, described(project, &users, host.url()).await?)
            .context("cannot keep the description")?;
        Ok(Self { host, description, _folder: folder })
    }

    /// A file with what the worker says of itself. The tool would leave out the function that it was told by.
    pub(crate) fn description(&self) -> &Path {
        &self.description
    }

    pub(crate) fn url(&self) -> &str {
        self.host.url()
    }

    pub(crate) fn console_url(&self) -> &str {
        self.host.console_url()
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await;
    }
}

/// How the host runs a worker on a new database in this folder, with this `ORDERS_LOG`.
pub(crate) fn options(project: &Project, worker: &Path, folder: &Path, log: &str) -> anyhow::Result<Options> {
    let app_root = folder.join("app");
    stage_app(project.root(), worker, WORKER_NAME, &app_root).context("cannot stage the app")?;
    let database = folder.join("orders.db");
    let users = project.users()?;
    let ours = [
        ("ORDERS_DATABASE_URL", format!("sqlite://{}", database.display())),
        ("ORDERS_RATE_LIMIT", "off".to_owned()),
        ("ORDERS_LOG", log.to_owned()),
    ];
    Ok(Options {
        app_root,
        listen: ([127, 0, 0, 1], 0).into(),
        settings: ours
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .chain(issuer_settings(&users))
            .collect(),
        easyauth: EasyAuthMode::On,
        users: Some(users),
        state: project.state_folder(),
        keys: None,
        queues: Connections::default(),
        events: Events::new(),
        console: ConsoleOptions::default(),
    })
}

/// A build that compiles quickly, or the worker that was asked for, as in the scenario tests. `cargo xtask test` asks for
/// what ships.
fn worker(project: &Project) -> anyhow::Result<PathBuf> {
    if let Some(given) = env::var_os(WORKER_UNDER_TEST_VARIABLE) {
        return Ok(PathBuf::from(given));
    }
    let built = project.build_worker(Profile::Dev).status().context("cannot start cargo")?;
    ensure!(built.success(), "the build failed: fix what cargo says above");
    Ok(project.worker_binary(Profile::Dev))
}

/// The worker's own description, which everybody may read who has a token.
async fn described(project: &Project, users: &Users, url: &str) -> anyhow::Result<String> {
    let token = token::issue(project, users, url, READER, &TokenOptions::default())?;
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build()?;
    let answer = client.get(format!("{url}/api/openapi.json")).bearer_auth(token).send().await?;
    Ok(answer.error_for_status().context("the worker does not describe itself")?.text().await?)
}

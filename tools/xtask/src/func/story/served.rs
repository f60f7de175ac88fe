//! The app under a host, with a database of its own.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options, app::stage_app, easyauth::EasyAuthMode, queues::Connections,
};
use project::{Profile, Project, WORKER_NAME};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use test_servers::port;
use tokio::{process::Child, time::timeout};

use super::super::{core_tools, storage};

/// The real host fetches its extension bundle at its first start.
const START: Duration = Duration::from_mins(10);
/// The host ends its worker and then itself.
const END: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A host that serves the app.
pub(super) struct Served {
    url: String,
    host: Host,
    _folder: TempDir,
}

enum Host {
    CoreTools { child: CoreTools, log: PathBuf },
    Emulator(Emulator),
}

impl Served {
    /// Starts Core Tools in the prepared root, and waits until the app is healthy.
    pub(super) async fn under_core_tools(
        project: &Project,
        func: &Path,
        settings: &[(&'static str, String)],
        http_only: bool,
    ) -> anyhow::Result<Self> {
        if !http_only {
            storage::check(project.root())?;
        }
        let folder = tempfile::tempdir().context("cannot make a folder for the database")?;
        // Core Tools cannot say which port they have chosen.
        let port = port::find_free_port().context("there is no free port")?;
        let log = project.target_folder().join("func-story.log");
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = core_tools::command(project.root(), func, port, http_only)?
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .env("ORDERS_DATABASE_URL", database(folder.path()))
            // No terminal that a host in the background would wait for.
            .stdin(Stdio::null())
            .stderr(out.try_clone().context("cannot write the log twice")?)
            .stdout(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", func.display()))?;
        let url = format!("http://localhost:{port}");
        let mut child = CoreTools(child);
        if let Err(error) = child.wait_until_healthy(&url).await {
            show(&log);
            return Err(error);
        }
        Ok(Self { url, host: Host::CoreTools { child, log }, _folder: folder })
    }

    /// Starts the emulator as Core Tools start: without App Service Authentication.
    pub(super) async fn under_the_emulator(
        project: &Project,
        settings: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the app")?;
        let app_root = folder.path().join("app");
        stage_app(project.root(), &project.worker_binary(Profile::Dev), WORKER_NAME, &app_root)?;
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let database = ("ORDERS_DATABASE_URL".to_owned(), database(folder.path()));
        let host = Emulator::start(Options {
            app_root,
            listen: ([127, 0, 0, 1], 0).into(),
            settings: settings.chain([database]).collect(),
            easyauth: EasyAuthMode::Off,
            users: None,
            state: folder.path().join("state"),
            keys: None,
            queues: Connections::default(),
            events: Events::new(),
            console: ConsoleOptions::default(),
        })
        .await?;
        host.ready().await?;
        Ok(Self { url: host.url().to_owned(), host: Host::Emulator(host), _folder: folder })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends the host; shows what it printed if the story failed.
    pub(super) async fn stop(self, failed: bool) {
        match self.host {
            Host::CoreTools { child, log } => {
                child.stop().await;
                if failed {
                    show(&log);
                }
            }
            Host::Emulator(host) => host.stop().await,
        }
    }
}

fn database(folder: &Path) -> String {
    format!("sqlite://{}/story.db", folder.display())
}

fn show(log: &Path) {
    eprintln!("Core Tools printed, in {}:\n{}", log.display(), fs::read_to_string(log).unwrap_or_default());
}

/// Core Tools and the processes that they start, which end when this is dropped.
struct CoreTools(Child);

impl CoreTools {
    async fn wait_until_healthy(&mut self, url: &str) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let started = Instant::now();
        loop {
            let answer = client.get(format!("{url}/api/health")).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Some(status) = self.0.try_wait()? {
                bail!("func start ended with {status}");
            }
            if started.elapsed() > START {
                bail!("the app was not healthy within {} minutes", START.as_secs() / 60);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn stop(mut self) {
        self.signal(Signal::INT);
        timeout(END, self.0.wait()).await.ok();
    }

    fn signal(&self, signal: Signal) {
        let group = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for CoreTools {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

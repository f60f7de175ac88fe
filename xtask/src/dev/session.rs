//! The app while it is served: host, worker, queues.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use local_host::{Events, LocalHost, Options, front::FrontMode, people::People, queues::Queues};

use super::{build, log, seed, settings, stage, welcome};
use crate::project::{Profile, Project};

const NEXT: &str = "ready: paste the lines above, save a file to rebuild, or press Ctrl-C to stop";

/// A host that serves the staged app.
pub(super) struct Session {
    project: Project,
    profile: Profile,
    options: Options,
    host: Option<LocalHost>,
}

impl Session {
    /// Builds, stages, starts, seeds and greets.
    pub(super) async fn start(project: &Project, profile: Profile, port: u16) -> anyhow::Result<Self> {
        let people = project.people()?;
        let settings = settings::settings(project)?;
        build::worker(project, profile).await?;
        let app_root = stage::stage(project, profile)?;
        let options = options(project, app_root, port, people, settings);
        fs::create_dir_all(&options.state)
            .with_context(|| format!("cannot make {}", options.state.display()))?;
        tokio::spawn(log::follow(options.events.listen()));
        let mut session = Self { project: project.clone(), profile, options, host: None };
        session.open().await?;
        Ok(session)
    }

    /// Builds and stages anew. Whatever fails is shown, and the old worker keeps serving.
    pub(super) async fn rebuild(&mut self) {
        println!("\nsaved: building");
        match self.try_rebuild().await {
            Ok(()) => println!("serving the new build"),
            Err(error) => println!("error: {error:#}; the old worker keeps serving"),
        }
    }

    /// Starts again with the people and settings that are now in their files; the queues stay. A file that
    /// cannot be used is shown, and the old host keeps serving.
    ///
    /// # Errors
    /// When the host cannot be started again.
    pub(super) async fn restart(&mut self) -> anyhow::Result<()> {
        println!("\nsaved: starting again");
        match self.try_prepare().await {
            Ok((people, settings)) => {
                self.end_host().await;
                self.options.people = Some(people);
                self.options.settings = settings;
                self.open().await
            }
            Err(error) => {
                println!("error: {error:#}; the old worker keeps serving");
                Ok(())
            }
        }
    }

    /// Stops the host and its worker.
    pub(super) async fn end(mut self) {
        self.end_host().await;
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        let host = self.host.insert(LocalHost::start(self.options.clone()).await?);
        host.ready().await?;
        let url = host.url();
        let file = self.project.url_file();
        fs::write(&file, url).with_context(|| format!("cannot write {}", file.display()))?;
        if let Some(people) = &self.options.people {
            seed::products(&self.project, people, url).await?;
            welcome::greet(&self.options.app_root, people, url)?;
        }
        println!("\n{NEXT}");
        Ok(())
    }

    async fn try_rebuild(&mut self) -> anyhow::Result<()> {
        build::worker(&self.project, self.profile).await?;
        stage::stage(&self.project, self.profile)?;
        let host = self.host.as_ref().context("nothing is served")?;
        host.reload().await?;
        Ok(host.ready().await?)
    }

    async fn try_prepare(&self) -> anyhow::Result<(People, Vec<(String, String)>)> {
        let prepared = (self.project.people()?, settings::settings(&self.project)?);
        build::worker(&self.project, self.profile).await?;
        stage::stage(&self.project, self.profile)?;
        Ok(prepared)
    }

    async fn end_host(&mut self) {
        if let Some(host) = self.host.take() {
            host.stop().await;
        }
    }
}

fn options(
    project: &Project,
    app_root: PathBuf,
    port: u16,
    people: People,
    settings: Vec<(String, String)>,
) -> Options {
    Options {
        app_root,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        settings,
        front: FrontMode::On,
        people: Some(people),
        state: project.state(),
        keys: None,
        queues: Queues::default(),
        events: Events::new(),
    }
}

//! The app while it is served: host, worker, queues.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use functions_emulator::{
    Build, ConsoleOptions, Events, LocalHost, Options, app::App, clock::Clock, front::FrontMode,
    people::People, queues::Connections,
};
use project::{Profile, Project};

use super::{build, log, seed, settings, stage, watch::Change, welcome};
const NEXT: &str = "ready: paste the lines above, save a file to rebuild, or press Ctrl-C to stop";

/// A host that serves the staged app.
pub(super) struct Session {
    project: Project,
    profile: Profile,
    options: Options,
    host: Option<LocalHost>,
    /// What failed last; whatever is saved next has to do it too.
    owed: Option<Change>,
}

impl Session {
    /// Builds, stages, starts, seeds and greets.
    pub(super) async fn start(project: &Project, profile: Profile, port: u16) -> anyhow::Result<Self> {
        let people = project.people()?;
        let settings = settings::settings(project, &people)?;
        LocalHost::can_listen(address(port)).await?;
        build::worker(project, profile).await?;
        let app_root = stage::stage(project, profile)?;
        let options = options(project, app_root, port, people, settings);
        tokio::spawn(log::follow(options.events.listen()));
        let mut session = Self { project: project.clone(), profile, options, host: None, owed: None };
        session.open().await?;
        Ok(session)
    }

    /// Does what a save calls for. Whatever fails is shown and can be fixed and saved; while nothing better is
    /// there, the old worker keeps serving.
    pub(super) async fn follow(&mut self, change: Change) {
        println!("\nsaved: building");
        self.tell(Build::Running);
        let change = self.owed.take().map_or(change, |owed| owed.max(change));
        let outcome = match change {
            Change::Code => self.rebuild().await,
            Change::Setup => self.restart().await,
        };
        let Err(error) = outcome else { return self.tell(Build::Done) };
        self.owed = Some(change);
        let serving = if self.host.is_some() { "the old worker keeps serving" } else { "nothing is served" };
        println!("error: {error:#}; {serving} until this is fixed and saved");
        self.tell(Build::Failed { what: build::why(&error) });
    }

    /// Has the console show how the build stands.
    fn tell(&self, build: Build) {
        if let Some(host) = &self.host {
            host.tell_build(build);
        }
    }

    /// Stops the host and its worker.
    pub(super) async fn end(&mut self) {
        if let Some(host) = self.host.take() {
            host.stop().await;
        }
    }

    /// Builds and stages anew, and has the host take it.
    async fn rebuild(&mut self) -> anyhow::Result<()> {
        self.stage().await?;
        match &self.host {
            Some(host) => host.reload().await?,
            None => self.open().await?,
        }
        println!("serving the new build");
        Ok(())
    }

    /// Starts again with the people and settings that are now in their files; the queues stay.
    async fn restart(&mut self) -> anyhow::Result<()> {
        let people = self.project.people()?;
        let settings = settings::settings(&self.project, &people)?;
        self.stage().await?;
        // Only a new host takes other people and settings, and the port is free for it once the old one has ended.
        App::load(&self.options.app_root, &settings)?;
        self.end().await;
        self.options.people = Some(people);
        self.options.settings = settings;
        self.open().await
    }

    async fn stage(&self) -> anyhow::Result<()> {
        build::again(&self.project, self.profile).await?;
        stage::stage(&self.project, self.profile)?;
        Ok(())
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        let host = LocalHost::start(self.options.clone()).await?;
        host.ready().await?;
        let host = self.host.insert(host);
        let url = host.url();
        let file = self.project.url_file();
        fs::write(&file, url).with_context(|| format!("cannot write {}", file.display()))?;
        let settings = self.project.state().join("doctor.settings.json");
        settings::write_down(&settings, &self.options.settings, url)?;
        if let Some(people) = &self.options.people {
            if let Err(error) = seed::products(&self.project, people, url).await {
                println!("the product table was not filled: {error:#}");
            }
            welcome::greet(&self.options.app_root, people, url)?;
            welcome::offer_doctor(&self.options.app_root, &settings, people, url);
        }
        println!("\nsee and do everything in a browser\n  {}", host.console_url());
        println!("\n{NEXT}");
        Ok(())
    }
}

fn options(
    project: &Project,
    app_root: PathBuf,
    port: u16,
    people: People,
    settings: Vec<(String, String)>,
) -> Options {
    let events = Events::new();
    Options {
        app_root,
        listen: address(port),
        settings,
        front: FrontMode::On,
        people: Some(people),
        state: project.state(),
        keys: None,
        // What local.settings.json names is for other hosts: its example names a server that has to be started first.
        queues: Connections::of_settings(&[], Clock::system(), events.clone()),
        events,
        console: ConsoleOptions::default(),
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

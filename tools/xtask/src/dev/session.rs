//! The app while it is served: host, worker, queues.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use functions_emulator::{
    BuildStatus, ConsoleOptions, Emulator, Events, Options, app::App, clock::Clock, easyauth::EasyAuthMode,
    queues::Connections, users::Users,
};
use project::{Profile, Project};

use super::{build, log, seed, settings, stage, watch::Change, welcome};
const NEXT: &str = "ready: paste the lines above, save a file to rebuild, or press Ctrl-C to stop";

/// A host that serves the staged app.
pub(super) struct Session {
    project: Project,
    profile: Profile,
    options: Options,
    host: Option<Emulator>,
    /// The step that failed last; the next save repeats it.
    owed: Option<Change>,
}

impl Session {
    /// Builds, stages, starts, seeds and greets.
    pub(super) async fn start(project: &Project, profile: Profile, port: u16) -> anyhow::Result<Self> {
        let users = project.users()?;
        let settings = settings::settings(project, &users)?;
        Emulator::can_listen(address(port)).await?;
        build::worker(project, profile).await?;
        let app_root = stage::stage(project, profile)?;
        let options = options(project, app_root, port, users, settings);
        tokio::spawn(log::follow(options.events.subscribe()));
        let mut session = Self { project: project.clone(), profile, options, host: None, owed: None };
        session.open().await?;
        Ok(session)
    }

    /// Does what a save calls for. Whatever fails is shown and can be fixed and saved; while nothing better is
    /// there, the old worker keeps serving.
    pub(super) async fn follow(&mut self, change: Change) {
        println!("\nsaved: building");
        self.tell(BuildStatus::Running);
        let change = self.owed.take().map_or(change, |owed| owed.max(change));
        let outcome = match change {
            Change::Code => self.rebuild().await,
            Change::Setup => self.restart().await,
        };
        let Err(error) = outcome else { return self.tell(BuildStatus::Done) };
        self.owed = Some(change);
        let serving = if self.host.is_some() { "the old worker keeps serving" } else { "nothing is served" };
        println!("error: {error:#}; {serving} until this is fixed and saved");
        self.tell(BuildStatus::Failed { what: build::why(&error) });
    }

    /// Shows the status of the build in the console.
    fn tell(&self, build: BuildStatus) {
        if let Some(host) = &self.host {
            host.set_build_status(build);
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

    /// Starts again with the users and settings that are now in their files; the queues stay.
    async fn restart(&mut self) -> anyhow::Result<()> {
        let users = self.project.users()?;
        let settings = settings::settings(&self.project, &users)?;
        self.stage().await?;
        // Only a new host takes other users and settings, and the port is free for it once the old one has ended.
        App::load(&self.options.app_root, &settings)?;
        self.end().await;
        self.options.users = Some(users);
        self.options.settings = settings;
        self.open().await
    }

    async fn stage(&self) -> anyhow::Result<()> {
        build::again(&self.project, self.profile).await?;
        stage::stage(&self.project, self.profile)?;
        Ok(())
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        let host = Emulator::start(self.options.clone()).await?;
        host.ready().await?;
        let host = self.host.insert(host);
        let url = host.url();
        let file = self.project.url_file();
        fs::write(&file, url).with_context(|| format!("cannot write {}", file.display()))?;
        let settings = self.project.state_folder().join("doctor.settings.json");
        settings::write_down(&settings, &self.options.settings, url)?;
        if let Some(users) = &self.options.users {
            if let Err(error) = seed::products(&self.project, users, url).await {
                println!("the product table was not filled: {error:#}");
            }
            welcome::print_welcome(&self.options.app_root, users, url)?;
            welcome::offer_doctor(&self.options.app_root, &settings, users, url);
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
    users: Users,
    settings: Vec<(String, String)>,
) -> Options {
    let events = Events::new();
    Options {
        app_root,
        listen: address(port),
        settings,
        easyauth: EasyAuthMode::On,
        users: Some(users),
        state: project.state_folder(),
        keys: None,
        // What local.settings.json names is for other hosts: its example names a server that has to be started first.
        queues: Connections::from_settings(&[], Clock::system(), events.clone()),
        events,
        console: ConsoleOptions { otlp: true, ..ConsoleOptions::default() },
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

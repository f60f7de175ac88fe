//! An app in another language: the Node handler of the emulator's own tests.

use anyhow::Context as _;
use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options, easyauth::EasyAuthMode, queues::Connections, users::Users,
};
use project::Project;
use tempfile::TempDir;

/// A host that serves it, with sign-in for the users that are built in.
pub(super) struct Anyone {
    host: Emulator,
    _state: TempDir,
}

impl Anyone {
    pub(super) async fn start(project: &Project) -> anyhow::Result<Self> {
        let state = tempfile::tempdir().context("cannot make a folder for the run")?;
        let app_root = project.root().join("crates/functions-emulator/tests/apps/node");
        let users = Users::from_app_folder(&app_root)?;
        let host = Emulator::start(Options {
            app_root,
            listen: ([127, 0, 0, 1], 0).into(),
            settings: Vec::new(),
            easyauth: EasyAuthMode::On,
            users: Some(users),
            state: state.path().to_owned(),
            keys: None,
            queues: Connections::default(),
            events: Events::new(),
            console: ConsoleOptions::default(),
        })
        .await?;
        host.ready().await?;
        Ok(Self { host, _state: state })
    }

    pub(super) fn console_url(&self) -> &str {
        self.host.console_url()
    }

    pub(super) async fn stop(self) {
        self.host.stop().await;
    }
}

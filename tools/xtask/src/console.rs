//! `cargo xtask console`: the emulator's console on this app, used, attacked and looked at in headless browsers; then
//! on a handler in another language, and on a build that fails.

mod anyone;
mod backend;
mod firefox;
mod tools;

use std::{
    env,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

use self::{anyone::Anyone, backend::FulfilmentBackend, firefox::Firefox, tools::Tools};
use crate::app::App;

/// Installs what is missing, starts the apps, and lets the browser at it.
pub(crate) async fn run(project: &Project) -> anyhow::Result<()> {
    let Some(tools) = Tools::found(project)? else { return Ok(()) };
    let firefox = Firefox::found(project)?;
    let backend = FulfilmentBackend::start().await?;
    let app = App::start_with(project, "info", |options| {
        options.settings.extend(backend.settings());
        options.console.otlp = true;
    })
    .await?;
    let anyone = Anyone::start(project).await?;
    let shots = project.target_folder().join("console");
    println!("{} with {}", app.console_url(), tools.browser());
    let status = Command::new("node")
        .arg("--test-reporter=spec")
        .arg(project.root().join("tools/xtask/console/run.mjs"))
        .env("CONSOLE_URL", app.console_url())
        .env("APP_URL", app.url())
        .env("CONSOLE_TENANT", project.users()?.tenant().to_string())
        .env("CONSOLE_SHOTS", &shots)
        .env("ANYONE_URL", anyone.console_url())
        .env("XTASK", env::current_exe().context("this program has no file")?)
        .envs(tools.environment())
        .envs(firefox.iter().flat_map(Firefox::environment))
        .stdin(Stdio::null())
        .status()
        .context("cannot start Node")?;
    app.stop().await;
    anyone.stop().await;
    ensure!(
        status.success(),
        "the console does not hold what it promises: see above, and the pictures in {}",
        shots.display()
    );
    println!("the console holds; pictures of it are in {}", shots.display());
    Ok(())
}

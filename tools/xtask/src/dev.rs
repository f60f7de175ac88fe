//! `cargo xtask dev`: builds the worker, stages the app, serves it, and rebuilds on save.

mod build;
mod functions;
mod log;
mod seed;
mod session;
pub(crate) mod settings;
mod stage;
mod watch;
mod welcome;

use std::path::PathBuf;

pub(crate) use self::seed::products;
use project::{Profile, Project};

use self::{session::Session, watch::Watch};
use crate::stop_signals::StopSignals;

const HELP: &str = "\
functions-emulator.json lists who can sign in; settings for the worker go into local.settings.json (see its .example)
or the shell. The database and the key of the tokens lie in .local; delete that folder while nothing runs to start
afresh. The queues are in this process, whatever local.settings.json says of WorkQueues; set that in the shell to use a
queue server on this machine, such as UseDevelopmentStorage=true for Azurite.";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The port to serve on, on loopback only.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// Serve the release build.
    #[arg(long)]
    release: bool,
    /// Serve the repository in this folder, for tests.
    #[arg(long, value_name = "FOLDER", hide = true)]
    repository: Option<PathBuf>,
}

/// Serves until it is stopped.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    log::show_warnings();
    let elsewhere = args.repository.as_deref().map(Project::at).transpose()?;
    let project = elsewhere.as_ref().unwrap_or(project);
    let mut stop = StopSignals::listen()?;
    let mut watch = Watch::start(project)?;
    let profile = if args.release { Profile::Release } else { Profile::Dev };
    if let Some(session) = stop.unless_asked(Session::start(project, profile, args.port)).await {
        serve(session?, &mut watch, &mut stop).await?;
    }
    println!("\nstopped; `cargo xtask dev` serves again, `cargo xtask test` proves that everything holds");
    Ok(())
}

async fn serve(mut session: Session, watch: &mut Watch, stop: &mut StopSignals) -> anyhow::Result<()> {
    while let Some(change) = stop.unless_asked(watch.next()).await {
        if stop.unless_asked(session.follow(change?)).await.is_none() {
            break;
        }
    }
    session.end().await;
    Ok(())
}

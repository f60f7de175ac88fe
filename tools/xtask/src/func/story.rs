//! `cargo xtask func --story`: the life of an order, under the real host where it is installed, and under the emulator.

mod caller;
mod chapters;
mod served;

use std::{env, path::Path};

use anyhow::{Context as _, ensure};
use functions_emulator::users::Users;
use project::Project;

use self::{
    caller::{Answer, Caller},
    served::Served,
};
use super::core_tools::INSTALL;
use crate::{issuer::LocalIssuer, stop_signals::StopSignals};

/// Says where the story is told, before anything else is done.
///
/// # Errors
/// Where `CI` is set, a missing host is an error.
pub(super) fn announce(func: Option<&Path>) -> anyhow::Result<()> {
    if let Some(func) = func {
        println!("the story under Core Tools ({}), then under the emulator", func.display());
        return Ok(());
    }
    ensure!(env::var_os("CI").is_none(), "the story cannot be told under the real host: {INSTALL}");
    println!(
        "NOT UNDER THE REAL HOST: there is no `func` on the PATH, so the emulator alone tells the story"
    );
    Ok(())
}

/// Tells the story under each host that there is. The answers have to be those that it names, and the same.
pub(super) async fn run(
    project: &Project,
    users: &Users,
    func: Option<&Path>,
    http_only: bool,
) -> anyhow::Result<()> {
    let mut stop = StopSignals::listen()?;
    let told = stop.unless_asked(tell(project, users, func, http_only)).await;
    told.context("the story was interrupted")?
}

async fn tell(project: &Project, users: &Users, func: Option<&Path>, http_only: bool) -> anyhow::Result<()> {
    let issuer = LocalIssuer::start(project, users, 0).await?;
    let real = match func {
        Some(func) => {
            let served = Served::under_core_tools(project, func, &issuer.settings(users), http_only).await?;
            println!("under Core Tools:");
            Some(answers(project, &issuer, users, served, !http_only).await?)
        }
        None => None,
    };
    let served = Served::under_the_emulator(project, &issuer.settings(users)).await?;
    println!("under the emulator:");
    let emulated = answers(project, &issuer, users, served, !http_only).await?;
    let Some(real) = real else {
        println!("{} calls were answered as the story says", emulated.len());
        return Ok(());
    };
    for (real, emulated) in real.iter().zip(&emulated) {
        ensure!(
            real == emulated,
            "the hosts differ: {real:#?} under Core Tools, {emulated:#?} under the emulator"
        );
    }
    println!("{} calls were answered as the story says, and alike by both hosts", real.len());
    Ok(())
}

async fn answers(
    project: &Project,
    issuer: &LocalIssuer,
    users: &Users,
    served: Served,
    has_queues: bool,
) -> anyhow::Result<Vec<Answer>> {
    let mut caller = Caller::new(project, issuer.url(), users, served.url())?;
    let told = chapters::tell(&mut caller, has_queues).await;
    served.stop(told.is_err()).await;
    told.map(|()| caller.into_answers())
}

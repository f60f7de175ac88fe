//! `cargo xtask fuzz-api`: schemathesis reads the worker's own description, sends what it allows and what it does not, as
//! three users, and holds every answer against it.

mod tool;

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use functions_emulator::issuer::TokenOptions;
use project::Project;

use self::tool::Tool;
use crate::{app::App, token};

/// A buyer, one who keeps products, and a program: what each may do differs most.
const USERS: [&str; 3] = ["buyer", "admin", "warehouse"];

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Requests that have to be sent, at least.
    #[arg(long, default_value_t = 2000)]
    cases: u64,
    /// The most that are made up for one function and one person, beyond those at every limit.
    #[arg(long, default_value_t = 10)]
    examples: u32,
    /// What everything is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Installs the tool if need be, starts the app, and sends.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let Some(tool) = Tool::found(project)? else { return Ok(()) };
    let app = App::start(project, "error").await?;
    println!("seed {}: {} as {}", args.seed, app.url(), USERS.join(", "));
    let mut sent = 0;
    for person in USERS {
        let users = project.users()?;
        let token = token::issue(project, &users, app.url(), person, &TokenOptions::default())?;
        let (held, cases, said) = one(&tool, &app, &token, args)?;
        println!("{person}: {cases} cases, {}", if held { "every answer as described" } else { "see below" });
        ensure!(
            held,
            "{said}\nthe worker answered {person} otherwise than it says: correct it or its description; \
             `cargo xtask fuzz-api --seed {}` sends the same again",
            args.seed
        );
        sent += cases;
    }
    app.stop().await;
    ensure!(sent >= args.cases, "{sent} cases, fewer than {}: raise --examples", args.cases);
    println!("{sent} cases, every answer as described");
    Ok(())
}

/// Everything that one person can send: whether all went well, how much it was, and what the tool said.
fn one(tool: &Tool, app: &App, token: &str, args: &Args) -> anyhow::Result<(bool, u64, String)> {
    let output = tool
        .command()
        .arg("run")
        .arg(app.description())
        .args(["--url", &format!("{}/api", app.url())])
        .args(["--checks", CHECKS, "--warnings", "off", "--continue-on-failure", "--no-color"])
        .args(["--seed", &args.seed.to_string(), "--max-examples", &args.examples.to_string()])
        .arg("--header")
        .arg(format!("Authorization: Bearer {token}"))
        .stdin(Stdio::null())
        .output()
        .context("cannot start schemathesis")?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let cases = generated(&said).with_context(|| format!("schemathesis told no number of cases:\n{said}"));
    Ok((output.status.success(), cases?, said))
}

/// The number in `1234 generated`.
fn generated(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains(" generated"))?;
    let (before, _) = line.split_once(" generated")?;
    before.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_count_is_parsed_from_the_summary() {
        assert_eq!(generated("Test cases:\n  1042 generated, 1042 passed\n"), Some(1042));
        assert_eq!(generated("nothing of the kind"), None);
    }
}

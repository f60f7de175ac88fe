//! `cargo xtask token`: a bearer token for one of the app's users.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use functions_emulator::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    users::Users,
};
use project::Project;

const DEFAULT_URL: &str = "http://localhost:7071";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A name of functions-emulator.json.
    name: String,
    /// A role instead of the person's own; may be repeated.
    #[arg(long = "role")]
    roles: Vec<String>,
    /// An app's token: no user, no scope.
    #[arg(long)]
    app: bool,
}

/// Prints the token alone, so that it can stand in `$(…)`.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let options = TokenOptions {
        roles: (!args.roles.is_empty()).then(|| args.roles.clone()),
        app: args.app,
        ..TokenOptions::default()
    };
    let url = issuer_url(&project.url_file())?;
    println!("{}", issue(project, &project.users()?, &url, &args.name, &options)?);
    Ok(())
}

/// A token that is valid from now.
pub(crate) fn issue(
    project: &Project,
    users: &Users,
    url: &str,
    name: &str,
    options: &TokenOptions,
) -> anyhow::Result<String> {
    let person = users.named(name).with_context(|| unknown(users, name))?;
    let issuer = Issuer::open(&project.state_folder(), url, users)?;
    Ok(issuer.token(person, options, Clock::system().now())?)
}

fn issuer_url(file: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(file) {
        Ok(url) => Ok(url),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DEFAULT_URL.to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn unknown(users: &Users, name: &str) -> String {
    let names: Vec<&str> = users.iter().map(|person| person.name.as_str()).collect();
    format!("no user is named `{name}` in functions-emulator.json; there are: {}", names.join(", "))
}

//! `cargo xtask stranger`: what somebody does who meets the emulator for the first time, with the time of each step.

mod home;
mod install;
mod journey;
mod serving;
mod times;

use std::{env, path::PathBuf, time::Duration};

use anyhow::{bail, ensure};
use clap::ValueEnum as _;
use project::Project;

use self::{
    home::Home,
    journey::Language,
    times::{Times, print_table},
};

/// What the steps may take together in each language, without compiling.
const LIMIT: Duration = Duration::from_mins(2);

const HELP: &str = "\
It works in an empty HOME with the settings of cargo and rustup alone, and drives the installed program: it reads what that
prints, calls `functions-emulator invoke`, and edits a file. The compilation of the emulator and that of the first app in
Rust are shown and not counted. A language whose toolchain is missing is left out loudly; where `CI` is set, that is an error.";

#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Only install: from the folder, then from the package, as a registry would hand it out.
    #[arg(long)]
    install: bool,
    /// A language of the first app; may be repeated; all of them if not given.
    #[arg(long = "language", value_enum, value_name = "LANGUAGE")]
    languages: Vec<Language>,
    /// Use this emulator, and install none.
    #[arg(long, value_name = "FILE", conflicts_with = "install")]
    emulator: Option<PathBuf>,
}

/// Goes through the steps, and fails where one is wrong or all of them take too long.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let home = Home::new()?;
    if args.install {
        install::from_folder(project, &home)?;
        return install::from_package(project, &home).map(drop);
    }
    let chosen =
        if args.languages.is_empty() { Language::value_variants().to_vec() } else { args.languages.clone() };
    let mut languages = Vec::new();
    for language in chosen {
        if home.has(language.toolchain()) {
            languages.push(language);
            continue;
        }
        let why = format!("a first app in {language}, because there is no `{}`", language.toolchain());
        ensure!(env::var_os("CI").is_none(), "cannot try {why}: install it");
        println!("NOT TESTED: {why}");
    }
    let (emulator, installed) = match &args.emulator {
        Some(file) => (file.canonicalize()?, Times::default()),
        None => install::from_folder(project, &home)?,
    };
    let mut columns = Vec::new();
    for language in languages {
        println!("a first app in {language}");
        let mut times = installed.clone();
        journey::take(project, &home, &emulator, language, &mut times)?;
        columns.push((language.to_string(), times));
    }
    print_table(&columns);
    let late: Vec<_> =
        columns.iter().filter(|(_, times)| times.counted() > LIMIT).map(|(name, _)| name.as_str()).collect();
    if !late.is_empty() {
        bail!("the steps in {} take longer than {} s: look at the table", late.join(", "), LIMIT.as_secs());
    }
    Ok(())
}

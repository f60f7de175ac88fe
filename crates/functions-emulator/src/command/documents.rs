//! `functions-emulator completions` and `man`: what a shell and `man` want to know of the command.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap_complete::Shell;
use clap_mangen::Man;

use super::{failure::Failure, similar::unknown};

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  functions-emulator completions bash > ~/.local/share/bash-completion/completions/functions-emulator
  functions-emulator completions fish > ~/.config/fish/completions/functions-emulator.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  functions-emulator man | man -l -
  functions-emulator man invoke > ~/.local/share/man/man1/functions-emulator-invoke.1";

/// Which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Which page.
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArguments {
    /// The command whose page is printed; the page of functions-emulator itself if not given
    command: Option<String>,
}

/// Prints the completions of this command line.
pub(crate) fn completions(arguments: &CompletionsArguments, mut program: clap::Command) -> ExitCode {
    let (name, mut script) = (program.get_name().to_owned(), Vec::new());
    clap_complete::generate(arguments.shell, &mut program, name, &mut script);
    io::stdout().write_all(&script).ok();
    ExitCode::SUCCESS
}

/// Prints a manual page in roff.
pub(crate) fn man(arguments: &ManArguments, mut program: clap::Command) -> Result<ExitCode, Failure> {
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => {
            let names = || program.get_subcommands().map(clap::Command::get_name);
            let unknown = || Failure::Usage(unknown("command", name, names()));
            program.find_subcommand(name).cloned().ok_or_else(unknown)?
        }
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(|error| Failure::Refused(error.to_string()))?;
    io::stdout().write_all(&page).ok();
    Ok(ExitCode::SUCCESS)
}

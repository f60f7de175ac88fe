//! `functions-emulator check`: problems that an app would have under the real host.

use std::{path::PathBuf, process::ExitCode};

use functions_lint::{App, Level, Report, Settings, SettingsFile};

const EXAMPLES: &str = "\
Examples:
  functions-emulator check .
  functions-emulator check target/app --settings local.settings.json
  functions-emulator check . --json                       for programs

Exit codes:
  0  the app would run
  1  a rule fails
  2  the arguments are wrong, or the file of --settings cannot be read";

/// What to look at.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The folder with host.json and the function folders
    app: PathBuf,
    /// The app settings: a local.settings.json, or what `az functionapp config appsettings list` printed
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the findings; fails when one of them does.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let file = match arguments.settings.as_deref().map(SettingsFile::read).transpose() {
        Ok(file) => file,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let app = match file {
        Some(file) => {
            App::read(&arguments.app, Settings::without_environment(file.settings), Some(file.source))
        }
        None => App::read(&arguments.app, Settings::with_environment(&[]), None),
    };
    let report = Report::from(functions_lint::check(&app));
    if arguments.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    if report.level == Level::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

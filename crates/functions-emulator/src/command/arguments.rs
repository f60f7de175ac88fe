//! The arguments of the command.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use functions_emulator::{ConsoleOptions, easyauth::EasyAuthMode, emulator_file::FileOptions};

use super::{
    LogFormat, Rebuild, documents, invoke, named_value::NamedValue, queues, similar::similar, token,
};
use crate::{check, new};

const EXAMPLES: &str = "\
Examples:
  functions-emulator .                                    serve the app in this folder on http://localhost:7071
  functions-emulator . --port 0 --log json                on any free port, for a program
  functions-emulator . --import queues.json --export queues.json
                                                  keep the messages from one run to the next
  functions-emulator . --watch --build 'go build'         build and restart at every save
  functions-emulator . --keys keys.json                   demand function keys, as on the platform
  functions-emulator target/app --users users.json --easyauth on
  functions-emulator --users users.json --token keeper
  functions-emulator check target/app --settings local.settings.json
  functions-emulator new --language rust first            make the folder of a new app
  functions-emulator invoke Hello --data '{}'             call a function of the running emulator
  functions-emulator token user                           a token of the running emulator
  functions-emulator queues put jobs --data hello         put a message
  functions-emulator ./check                              serve a folder that is called like a command";

/// The versions that the README's table of behaviour was seen on; a test compares the two.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nBehaves as the Functions host 4.1037 (proxying, routes and a fixed port: 4.1037 with the files of 2025), \
     Storage.Queues 5.3.10 and Core Tools 4."
);

/// Stands in for the Azure Functions host on this machine, for any custom handler.
#[derive(Debug, Parser)]
#[command(version, long_version = LONG_VERSION, after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The folder with host.json and the function folders
    #[arg(required_unless_present = "token")]
    pub(crate) app: Option<PathBuf>,
    /// Where to listen on 127.0.0.1; 0 for any free port [default: that of functions-emulator.json or local.settings.json, or 7071]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Users, keys and options of the app; `functions-emulator.json` of the app folder if not given
    #[arg(long)]
    pub(crate) users: Option<PathBuf>,
    /// Whether callers' tokens are checked and principal headers set [default: off]
    #[arg(long, value_enum)]
    pub(crate) easyauth: Option<EasyAuthChoice>,
    /// An app setting for the worker; may be repeated
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = NamedValue::SETTING)]
    pub(crate) settings: Vec<(String, String)>,
    /// Where the issuer's key is kept between runs
    #[arg(long, default_value = ".local")]
    pub(crate) state: PathBuf,
    /// The keys that functions demand by their authLevel: {"master": "…", "host": {…}, "functions": {…}}
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Messages to begin with
    #[arg(long, value_name = "FILE")]
    pub(crate) import: Option<PathBuf>,
    /// Where to write the messages that are left at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) rebuild: Rebuild,
    /// Open the page of this host in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Print only what goes wrong
    #[arg(long)]
    pub(crate) quiet: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,
    #[command(flatten)]
    pub(crate) console: ConsoleArguments,
    /// For attack tests: print where the worker itself listens, without EasyAuth, routes and keys
    #[arg(long)]
    pub(crate) print_worker_address: bool,
    /// Print a bearer token for one of the users, for a host on this port, and end
    #[arg(long, value_name = "NAME")]
    pub(crate) token: Option<String>,
}

/// How the console is served.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsoleArguments {
    /// Serve the console on a port of its own, 0 for any free one, so that no page of the app shares its origin
    #[arg(long, value_name = "PORT")]
    console_port: Option<u16>,
    /// Path of the app's OpenAPI document, for the console; `openapi.json` below the route prefix if not given
    #[arg(long, value_name = "PATH")]
    openapi: Option<String>,
    /// Do not have the worker export its traces to the console
    #[arg(long)]
    no_otlp: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for what would go wrong under the real host, and say what to do; fails where something does
    Check(check::Arguments),
    /// Make the folder of a new app that this command serves
    New(new::Arguments),
    /// Call a function of the running emulator, and fail if the function fails
    Invoke(invoke::Arguments),
    /// Print a bearer token of the running emulator for one of the users
    Token(token::Arguments),
    /// Show, fill and empty the queues of the running emulator
    Queues(queues::Arguments),
    /// Print a script by which a shell completes this command
    Completions(documents::CompletionsArguments),
    /// Print a manual page
    Man(documents::ManArguments),
}

impl Arguments {
    /// Takes each option that is not given from the file.
    pub(crate) fn or(mut self, file: FileOptions) -> Self {
        self.port = self.port.or(file.port);
        self.easyauth = self.easyauth.or(file.easyauth.map(EasyAuthChoice::from));
        self.console = self.console.or(file.console_port, file.openapi, file.otlp);
        self.rebuild = self.rebuild.or(file.build, file.watch);
        let mut settings: Vec<_> = file.settings.into_iter().collect();
        settings.retain(|(name, _)| self.settings.iter().all(|(own, _)| own != name));
        settings.append(&mut self.settings);
        self.settings = settings;
        self
    }

    /// The command that a word was probably meant to be, if it is neither one nor a path.
    pub(crate) fn misspelt_command(word: &str) -> Option<String> {
        let program = Self::command();
        let commands: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        let is_something = word.starts_with('-')
            || word.contains(std::path::is_separator)
            || std::path::Path::new(word).exists()
            || commands.contains(&word)
            || word == "help";
        if is_something { None } else { similar(word, commands).map(str::to_owned) }
    }
}

impl ConsoleArguments {
    fn or(self, port: Option<u16>, openapi: Option<String>, otlp: Option<bool>) -> Self {
        Self {
            console_port: self.console_port.or(port),
            openapi: self.openapi.or(openapi),
            no_otlp: self.no_otlp || otlp == Some(false),
        }
    }

    /// The same for the library.
    pub(crate) fn options(&self) -> ConsoleOptions {
        ConsoleOptions { port: self.console_port, openapi: self.openapi.clone(), otlp: !self.no_otlp }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EasyAuthChoice {
    /// As on the platform
    On,
    /// As on a platform without authentication
    Off,
    /// For attack tests: the worker believes in EasyAuth, and there is none
    Bypassed,
    /// For attack tests: tokens are checked, but callers' own principal headers stay
    KeepHeaders,
}

impl From<EasyAuthChoice> for EasyAuthMode {
    fn from(choice: EasyAuthChoice) -> Self {
        match choice {
            EasyAuthChoice::On => Self::On,
            EasyAuthChoice::Off => Self::Off,
            EasyAuthChoice::Bypassed => Self::Bypassed,
            EasyAuthChoice::KeepHeaders => Self::KeepHeaders,
        }
    }
}

impl From<EasyAuthMode> for EasyAuthChoice {
    fn from(mode: EasyAuthMode) -> Self {
        match mode {
            EasyAuthMode::On => Self::On,
            EasyAuthMode::Off => Self::Off,
            EasyAuthMode::Bypassed => Self::Bypassed,
            EasyAuthMode::KeepHeaders => Self::KeepHeaders,
        }
    }
}

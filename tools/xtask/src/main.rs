//! The project's own commands: `cargo xtask --help`.

mod app;
mod bench;
mod callgrind;
mod chaos;
mod console;
mod controls;
mod dev;
mod docs;
mod func;
mod fuzz;
mod fuzz_api;
mod generate;
mod infra;
mod issuer;
mod licences;
mod measure;
mod mutants;
mod package;
mod postgres;
mod profile;
mod release;
mod stop_signals;
mod stranger;
mod test;
mod token;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use project::Project;

const COMMANDS: &str = "\
Serve the app:
  cargo xtask dev                      on http://localhost:7071; builds and restarts it when a file is saved
  cargo xtask func                     the same under Core Tools, where they are installed
  cargo xtask func --http-only         without a queue server, so without what needs queues
  cargo xtask func --story             the life of an order under Core Tools and under the emulator, each answer compared
  cargo xtask func --prepare           what plain `func start` needs, once; it also needs the next one:
  cargo xtask issuer                   the issuer that local.settings.json.example names, until Ctrl-C
  cargo xtask token buyer              a bearer token for a user of functions-emulator.json
  cargo xtask token buyer --role OrderAdmin
                                       the same user with another role
  cargo xtask postgres                 an empty PostgreSQL database until Ctrl-C

Check a change:
  cargo xtask test --quick             what finds most mistakes within three minutes
  cargo xtask test                     everything that CI runs
  cargo xtask test --stage format lints
                                       some stages of it; --list says which there are
  cargo xtask generate                 write function.json, docs/openapi.json and the like anew from the code
  cargo xtask docs --check             run what the documents show, and compare what it prints
  cargo xtask stranger                 the emulator from its installation to a changed line, each step with its time
  cargo xtask stranger --install       only its installation, from the folder and from the package

Look for faults:
  cargo xtask chaos                    crashes, lost messages and wrong clocks under load; --seed 7 draws other ones
  cargo xtask chaos --prove            promises broken on purpose, and each found
  cargo xtask fuzz order --runs 5000000
                                       hostile input to one decoder; without a name, to each
  cargo xtask fuzz-api                 thousands of requests, every answer compared with docs/openapi.json
  cargo xtask console                  use, attack and photograph the emulator's console in headless browsers
  cargo xtask mutants                  identity, policy and certificates changed in small ways, and each noticed
  cargo xtask controls --prove         each control taken out of the code, and its own tests notice; --only C11
  cargo xtask docs --sample 1          twenty names and twenty sentences, for somebody who has not seen the code

Measure:
  cargo xtask measure                  size, start, memory and instructions of the release binary, start of the emulator
  cargo xtask bench                    rates, latencies and memory, compared with limits and with other programs
  cargo xtask profile                  instructions of a request by function, and a flame graph in target/profile
  cargo xtask bench --growth           latencies with ten thousand and with a million stored orders

Package and deploy:
  cargo xtask package                  target/package/api.zip and processor.zip, as they are deployed, and one.zip
  cargo xtask package --app one        one.zip alone: every function, for a single Function App
  cargo xtask infra check              refuse dangerous deployment parameters
  cargo xtask infra snapshot           what would be deployed, written anew after a change of the infrastructure
  cargo xtask infra verify             compare a deployment with its snapshot

`cargo xtask COMMAND --help` has the options of a command.";

/// The commands by what a person wants to do, in place of clap's list by name.
const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}{after-help}\n\nOptions:\n{options}";

/// Builds, runs, proves and measures this project.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", after_help = COMMANDS, help_template = TEMPLATE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build, stage and serve the app with made-up users to sign in as; rebuild on save.
    Dev(dev::Args),
    /// Build, link and serve the app with Core Tools (`func start`), with users of a local issuer.
    Func(func::Args),
    /// Serve the issuer that local.settings.json.example names, for plain `func start`.
    Issuer(issuer::Args),
    /// Print a bearer token of the local issuer.
    Token(token::Args),
    /// Start the PostgreSQL that the tests use, say where it comes from, and keep it until Ctrl-C.
    Postgres,
    /// Run everything that CI runs, and stop at the first failure.
    Test(test::Args),
    /// Run many clients under kills and faults, and compare what was acknowledged with what is kept.
    Chaos(chaos::Args),
    /// Send what the worker's description allows and what it does not, as three users, and hold the answers against it.
    FuzzApi(fuzz_api::Args),
    /// Use and attack the emulator's console in headless browsers, and look at it.
    Console,
    /// Write each function.json, docs/openapi.json, docs/events.md, docs/reference/configuration.md,
    /// docs/deployment.svg and docs/links.txt anew.
    Generate,
    /// Draw names and sentences for a reader's test, or run what the documents show.
    Docs(docs::Args),
    /// Vary hostile input to each decoder until a law breaks or the runs are over.
    Fuzz(fuzz::Args),
    /// Break identity, policy and certificates in every small way, and see that a test notices; goes on where it ended.
    Mutants(mutants::Args),
    /// Take each control out of the code, one at a time, and see that its own tests notice; goes on where it ended.
    Controls(controls::Args),
    /// Measure the worker side by side with pgbench, a bare axum program and Fastify.
    Bench(bench::Args),
    /// Count the instructions of a request, and show which functions took them.
    Profile(profile::Args),
    /// Check the infrastructure: what an operator gives, what was deployed, what other scanners say.
    Infra(infra::Args),
    /// Make the zips that are deployed, and the bill of what is in them.
    Package(package::Args),
    /// Install the emulator into an empty HOME, and make, serve, call and change a first app in each language.
    Stranger(stranger::Args),
    /// Print the size, the start time, the idle memory and the instructions of the release binary.
    Measure(measure::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let project = Project::here();
    let outcome = match Cli::parse().command {
        Command::Dev(args) => dev::run(&project, &args).await,
        Command::Func(args) => func::run(&project, &args).await,
        Command::Issuer(args) => issuer::run(&project, &args).await,
        Command::Token(args) => token::run(&project, &args),
        Command::Postgres => postgres::run().await,
        Command::Test(args) => test::run(&project, &args),
        Command::Chaos(args) => chaos::run(&project, &args),
        Command::FuzzApi(args) => Box::pin(fuzz_api::run(&project, &args)).await,
        Command::Console => Box::pin(console::run(&project)).await,
        Command::Generate => generate::run(&project),
        Command::Docs(args) => docs::run(&project, &args),
        Command::Fuzz(args) => fuzz::run(&project, &args),
        Command::Mutants(args) => mutants::run(&project, &args),
        Command::Controls(args) => controls::run(&project, &args).await,
        Command::Bench(args) => bench::run(&project, &args),
        Command::Profile(args) => Box::pin(profile::run(&project, &args)).await,
        Command::Infra(args) => infra::run(&project, &args),
        Command::Package(args) => package::run(&project, &args),
        Command::Stranger(args) => stranger::run(&project, &args),
        Command::Measure(args) => measure::run(&project, &args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_help_lists_every_command_with_an_example() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for command in cli.get_subcommands() {
            let example = format!("  cargo xtask {}", command.get_name());
            let is_of = |line: &&str| {
                line.strip_prefix(&example).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            };
            assert!(COMMANDS.lines().any(|line| is_of(&line)), "{}", command.get_name());
        }
    }

    #[test]
    fn every_example_of_the_help_can_be_parsed() {
        let examples = COMMANDS.lines().filter_map(|line| line.strip_prefix("  cargo xtask "));
        for example in examples.map(|line| line.split("  ").next().unwrap_or(line)) {
            // Commands of `infra` need more arguments than these examples show.
            if !example.starts_with("infra") {
                let words = ["xtask"].into_iter().chain(example.split(' '));
                Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
            }
        }
    }
}

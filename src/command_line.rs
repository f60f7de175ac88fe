//! What may stand behind `orders-worker`. The Functions host starts the worker without arguments, and then nothing here runs.

use clap::{Parser, Subcommand};
use orders_worker::{doctor, store::MigrationOptions};

const EXIT_CODES: &str = "\
Exit codes:
  0  success; doctor: no rule fails
  1  failure, another try may succeed; doctor: a rule fails
  2  wrong settings or arguments: correct them first
  3  the port, open files or threads that the worker needs are not available";

/// Receives, authorizes, stores and fulfils orders: a custom handler of Azure Functions.
///
/// Without a command it serves; the Functions host starts it. Settings are environment variables:
/// docs/reference/configuration.md lists them.
#[derive(Parser)]
#[command(name = "orders-worker", version, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Migrate the database to the schema of this version, and grant logins their roles
    ///
    /// The worker migrates SQLite by itself. On PostgreSQL an administrator runs this: it creates tables and roles.
    #[command(after_help = MIGRATE)]
    Migrate(MigrationOptions),
    /// Check this deployment against the security controls that the worker relies on
    #[command(after_help = DOCTOR)]
    Doctor(doctor::Arguments),
}

const MIGRATE: &str = "\
Examples:
  orders-worker migrate
  orders-worker migrate --administrator 'Database admins' \\
    --login orders_api=id-orders-api:OBJECT-ID --login orders_processor=id-orders-processor:OBJECT-ID
  orders-worker migrate --from-text                  once, for a PostgreSQL database with the old column types";

const DOCTOR: &str = "\
Examples:
  orders-worker doctor                               check the settings of this process, and its app folder
  orders-worker doctor --settings settings.json      check the settings of a deployment
  orders-worker doctor --url https://api.example.net check also the answers that callers from outside get";

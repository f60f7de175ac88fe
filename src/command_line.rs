//! What may stand behind `orders-worker`. The Functions host starts the worker without arguments, and then nothing here runs.

use clap::{Parser, Subcommand};
use orders_worker::{doctor, store::Principals};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; of doctor: no rule fails
  1  failed, and another try may succeed; of doctor: a rule fails
  2  wrong settings or arguments
  3  the machine does not give the port, the files or the threads that are needed";

/// Takes, authorises, stores and fulfils orders: a custom handler of Azure Functions.
///
/// Without a command it serves, started by the Functions host. Settings come from the environment; docs/operate.md lists
/// them.
#[derive(Parser)]
#[command(name = "orders-worker", version, after_help = EXIT_CODES)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Bring the database to this version, and give logins their roles
    ///
    /// On SQLite the worker does this by itself. On PostgreSQL it is an administrator's work: it makes tables and roles.
    #[command(after_help = MIGRATE)]
    Migrate(Principals),
    /// Hold this deployment against the controls that the worker relies on
    #[command(after_help = DOCTOR)]
    Doctor(doctor::Arguments),
}

const MIGRATE: &str = "\
Examples:
  orders-worker migrate
  orders-worker migrate --administrator 'Database admins' \\
    --login orders_api=id-orders-api:OBJECT-ID --login orders_processor=id-orders-processor:OBJECT-ID";

const DOCTOR: &str = "\
Examples:
  orders-worker doctor                               the settings of this process, and its app folder
  orders-worker doctor --settings settings.json      those of a deployment
  orders-worker doctor --url https://api.example.net and what callers from outside get";

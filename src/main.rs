//! The binary that host.json starts: serves the functions whose folders stand in the app root.

use std::{env, error::Error, fmt::Display, io, process::ExitCode, sync::Arc, time::Duration};

use azure_functions_handler::{Concurrency, Deployed};
use clap::Parser;
use orders_worker::{
    audit::Audit,
    azure::ManagedIdentity,
    clock::{Clock, RetentionClock},
    config::{Config, read_database_settings},
    doctor::{self, Credentials, InputsError, Level, Report},
    fulfilment::Backend,
    functions::{self, AppState, DeadLetterCeiling, FUNCTIONS, FunctionNeed},
    identity::Identity,
    limits::LIMITS,
    rate_limit::RateLimiter,
    startup::{self, ServeError},
    store::{
        self, DatabaseSettings, DatabaseSignIn, MigrationError, MigrationOptions, MonitoredStore, Store,
        StoreError,
    },
    telemetry::{Event, Log, chain, otlp},
    vault::Vault,
};
use tikv_jemallocator::Jemalloc;

mod command_line;

use command_line::{Command, CommandLine};

/// Gives back within seconds what a burst of requests took, by its settings in `.cargo/config.toml`. The system's
/// allocator and mimalloc keep most of it while the worker is idle.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// The settings are wrong, and starting again would not correct them.
const INVALID_CONFIGURATION: u8 = 2;
/// How long the end waits for work that blocks a thread.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    // The start has no arguments and should not wait for their parser.
    if env::args_os().len() <= 1 {
        return start();
    }
    match CommandLine::parse().command {
        Command::Migrate(options) => migrate(options),
        Command::Doctor(arguments) => run_doctor(&arguments),
    }
}

/// Checks this deployment against the controls.
fn run_doctor(arguments: &doctor::Arguments) -> ExitCode {
    let report = match diagnose(arguments) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("cannot run doctor: {}", chain(&error));
            return ExitCode::from(INVALID_CONFIGURATION);
        }
    };
    if arguments.json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    if report.level == Level::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[tokio::main(flavor = "current_thread")]
async fn diagnose(arguments: &doctor::Arguments) -> Result<Report, InputsError> {
    doctor::diagnose(arguments, &Credentials::from_env(), Clock).await
}

/// Logs the findings on files and settings that are no pass, as `doctor-check-warning` and `doctor-check-failed`.
fn log_findings() {
    for finding in doctor::startup_findings().unwrap_or_default() {
        let (rule, subject, why) =
            (finding.rule, &finding.subject as &dyn Display, &finding.why as &dyn Display);
        let remedy = finding.remedy.as_ref().map(|remedy| remedy as &dyn Display);
        match finding.level {
            Level::Pass => {}
            Level::Warn => Event::DoctorCheckWarning { rule, subject, why, remedy }.log(),
            Level::Fail => Event::DoctorCheckFailed { rule, subject, why, remedy }.log(),
        }
    }
}

/// Brings the database to this version. On PostgreSQL that is an administrator's work: it makes tables and roles.
fn migrate(options: MigrationOptions) -> ExitCode {
    let options = match options.principals.consistent() {
        Ok(principals) => MigrationOptions { principals, ..options },
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(INVALID_CONFIGURATION);
        }
    };
    let database = match read_database_settings(env::vars_os()) {
        Ok(database) => database,
        Err(errors) => {
            errors.report(Clock);
            return ExitCode::from(INVALID_CONFIGURATION);
        }
    };
    match run_migrations(&database, &options) {
        Ok(()) => {
            println!("the database has the schema of this version");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot migrate: {}", chain(&*error));
            match error.downcast_ref() {
                Some(
                    StoreError::TextColumns
                    | StoreError::Migration(
                        MigrationError::RolesUnsupported
                        | MigrationError::FromTextUnsupported
                        | MigrationError::ThroughPooler
                        | MigrationError::AdministratorIsAppLogin(_),
                    ),
                ) => ExitCode::from(INVALID_CONFIGURATION),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run_migrations(
    database: &DatabaseSettings,
    options: &MigrationOptions,
) -> Result<(), Box<dyn Error>> {
    let on_wait = |what: &str| eprintln!("{what}");
    open_store(database)?.migrate_with(options, &on_wait).await?;
    Ok(())
}

/// The store of these settings, and the identity that it signs in as.
fn open_store(database: &DatabaseSettings) -> Result<Arc<MonitoredStore>, Box<dyn Error>> {
    let identity = match database.sign_in {
        DatabaseSignIn::Password => None,
        DatabaseSignIn::ManagedIdentity { client_id } => Some(ManagedIdentity::from_environment(client_id)?),
    };
    Ok(store::open(database.url.as_str(), database.pool, identity, database.pooler)?)
}

/// Serves, if the settings allow it.
fn start() -> ExitCode {
    let deployed = match FUNCTIONS.deployed() {
        Ok(deployed) => deployed,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(INVALID_CONFIGURATION);
        }
    };
    let config = match Config::read(env::vars_os(), functions::config_needs(deployed.needs())) {
        Ok(config) => config,
        Err(errors) => {
            errors.report(Clock);
            return ExitCode::from(INVALID_CONFIGURATION);
        }
    };
    let log = match startup::start_log(Clock) {
        Ok(log) => log,
        Err(error) => {
            error.report(None, Clock);
            return error.exit_code();
        }
    };
    match run(config, deployed, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report(Some(&log), Clock);
            error.exit_code()
        }
    }
}

fn run(config: Config, deployed: Deployed<Arc<AppState>, FunctionNeed>, log: &Log) -> Result<(), ServeError> {
    let runtime = startup::build_runtime()?;
    let result = runtime.block_on(serve(config, deployed, log));
    // A name lookup that hangs is not waited for.
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    result
}

/// Logs first, binds next and answers at once; no dependency is awaited. See
/// `docs/reference/api.md#start-and-readiness`.
async fn serve(
    config: Config,
    deployed: Deployed<Arc<AppState>, FunctionNeed>,
    log: &Log,
) -> Result<(), ServeError> {
    // Before anything that takes time: until then a signal ends the process at once, and log lines are lost.
    let stop = azure_functions_handler::stop_signal()?;
    let started = config.otlp.map(|settings| {
        otlp::export(&settings, &functions::span_attributes(), config.database.url.system(), Clock)
    });
    let (exporter, export) = started.transpose().map_err(io::Error::other)?.unzip();
    log.install(config.log_filter, exporter).map_err(io::Error::other)?;
    let listener = azure_functions_handler::listen(config.port)
        .map_err(|error| ServeError::from_port(config.port, error))?;
    // Beside the start, which waits for nothing.
    tokio::task::spawn_blocking(log_findings);
    let health = open_store(&config.database).map_err(|error| io::Error::other(chain(&*error)))?;
    let vault = config.vault.as_ref().map(Vault::from_settings).transpose().map_err(io::Error::other)?;
    let backend = Backend::from_mode(config.fulfilment, vault.as_ref());
    // Without the health function a process need not wake its database for it.
    let is_asked = deployed.needs().any(|need| matches!(need, FunctionNeed::DatabaseProbe));
    tokio::spawn(Arc::clone(&health).run_probes(functions::served_apps(deployed.needs()), !is_asked));
    let identity = config.identity.map(Identity::new).transpose().map_err(io::Error::other)?;
    let identity = match config.certificates {
        Some(certificates) => {
            identity.map(|identity| identity.with_certificates(certificates, vault.as_ref()))
        }
        None => identity,
    };
    let audit = Audit::default();
    tokio::spawn(audit.clone().flush_periodically(Clock));
    let mut limits = LIMITS.concurrency;
    if config.rate_limit.is_none() {
        limits.per_caller = None;
    }
    let app = AppState {
        clock: Clock,
        concurrency: Concurrency::new(limits),
        retention_clock: RetentionClock::new(Clock.now(), Clock.instant()),
        tenant: config.tenant,
        identity,
        audit: audit.clone(),
        limiter: config.rate_limit.map(|rate| RateLimiter::new(rate, Clock.instant())),
        store: Arc::clone(&health) as Arc<dyn Store>,
        backend,
        vault,
        secret_name: config.secret_name,
        outbox_deadline: config.outbox_deadline,
        dead_letter_ceiling: DeadLetterCeiling::new(LIMITS.dead_letters),
        openapi_document: config.openapi_enabled.then_some(functions::openapi_document),
        health,
    };
    let app = Arc::new(app);
    tokio::spawn(warm_up(Arc::clone(&app)));
    tokio::spawn(refresh_secrets(Arc::clone(&app)));
    let served = functions::function_app(deployed, app)
        .sample_spans(export.as_ref().and_then(otlp::Export::sampler))
        .serve(listener, stop)
        .await;
    audit.flush();
    if let Some(export) = export {
        export.finish().await;
    }
    Ok(served?)
}

/// Prepares what the first caller would otherwise wait for.
async fn warm_up(app: Arc<AppState>) {
    if let Some(identity) = &app.identity {
        identity.prepare(app.clock.now()).await;
    }
}

/// Reads secrets and certificates that may be rotated again and again, for as long as the process has any.
async fn refresh_secrets(app: Arc<AppState>) {
    let identity = async {
        if let Some(identity) = &app.identity {
            identity.keep_fresh(app.clock).await;
        }
    };
    let backend = async {
        if let Some(backend) = &app.backend {
            backend.refresh_certificates(app.clock).await;
        }
    };
    tokio::join!(backend, identity);
}

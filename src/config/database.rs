//! The database that stores orders.

use std::ffi::OsString;

use reqwest::Url;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{
    env_reader::EnvReader,
    environment::Environment,
    errors::ConfigErrors,
    needs::ConfigNeeds,
    value::{self, Invalid},
    vault,
};
use crate::store::{DatabaseSettings, DatabaseSignIn, DatabaseUrl, Pooler};

/// Reads the settings of the database alone: all that `orders-worker migrate` needs. The checks are as strict as for
/// serving.
///
/// # Errors
/// [`ConfigErrors`], all of them.
pub fn read_database_settings(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<DatabaseSettings, ConfigErrors> {
    let mut env = EnvReader::new(variables, ConfigNeeds::default());
    let environment = env.environment();
    let settings = read(&mut env, environment);
    let errors = env.finish();
    settings.filter(|_| errors.is_empty()).ok_or(errors)
}

pub(super) fn read(env: &mut EnvReader, environment: Environment) -> Option<DatabaseSettings> {
    let name = "ORDERS_DATABASE_URL";
    let url = match environment {
        Environment::Local => env.read(name, parse_local_url),
        Environment::Azure => {
            env.require_in_azure(name, "is missing: set it to a `postgres://` URL");
            env.optional_in_azure(name, parse_azure_url)
        }
    };
    let pool = env.read("ORDERS_DATABASE_POOL", value::pool);
    let sign_in = sign_in(env, url.as_ref());
    let pooler = pooler(env, url.as_ref());
    Some(DatabaseSettings { url: url?, pool: pool?, sign_in: sign_in?, pooler: pooler? })
}

/// A file has no pooler.
fn pooler(env: &mut EnvReader, url: Option<&DatabaseUrl>) -> Option<Pooler> {
    let name = "ORDERS_DATABASE_POOLER";
    let pooler = env.read(name, parse_pooler)?;
    if pooler != Pooler::None && url.is_some_and(|url| !is_postgres(url.as_str())) {
        env.add_error(
            name,
            "needs a `postgres://` URL in ORDERS_DATABASE_URL: set one, or remove this setting",
        );
    }
    Some(pooler)
}

fn parse_pooler(text: &str) -> Result<Pooler, Invalid> {
    match text {
        "none" => Ok(Pooler::None),
        "transaction" => Ok(Pooler::Transaction),
        "transaction-prepared" => Ok(Pooler::TransactionPrepared),
        _ => Err(Invalid::Form),
    }
}

/// A token must reach only a database whose identity is verified, on a developer's machine too.
fn sign_in(env: &mut EnvReader, url: Option<&DatabaseUrl>) -> Option<DatabaseSignIn> {
    let name = "ORDERS_DATABASE_IDENTITY";
    let managed = env.read(name, parse_managed)?;
    let client_id = vault::client_id(env);
    if !managed {
        return Some(DatabaseSignIn::Password);
    }
    env.require_managed_identity(name);
    if let Some(error) = url.and_then(|url| check_managed_identity_url(url.as_str())) {
        env.add_error("ORDERS_DATABASE_URL", error);
    }
    Some(DatabaseSignIn::ManagedIdentity { client_id })
}

fn parse_managed(text: &str) -> Result<bool, Invalid> {
    match text {
        "password" => Ok(false),
        "managed" => Ok(true),
        _ => Err(Invalid::Form),
    }
}

fn check_managed_identity_url(url: &str) -> Option<&'static str> {
    if !is_postgres(url) {
        return Some(
            "names SQLite, which a managed identity cannot sign in to: set it to a `postgres://` URL",
        );
    }
    if postgres_options(url).is_ok_and(|address| !matches!(address.get_ssl_mode(), PgSslMode::VerifyFull)) {
        return Some(
            "must end with `?sslmode=verify-full`: without it the identity's tokens could reach any server that \
             answers",
        );
    }
    let named = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let user = named.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    match user {
        None | Some("") => {
            Some("must name a user: with a managed identity that is the identity's database role")
        }
        Some(user) if user.contains(':') || has_password_parameter(url) => {
            Some("must not contain a password: the tokens of the managed identity replace it. Remove it")
        }
        Some(_) => None,
    }
}

/// Whether the query holds a password, in any spelling that the driver understands: it decodes names first.
fn has_password_parameter(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == "password"))
}

fn parse_local_url(text: &str) -> Result<DatabaseUrl, Invalid> {
    if is_postgres(text) {
        return postgres_options(text).map(|_| DatabaseUrl::new(text.to_owned()));
    }
    let path = text.strip_prefix("sqlite://").ok_or(Invalid::Form)?;
    let is_file = !path.is_empty() && !path.starts_with(':') && !path.contains(['?', '#']);
    if is_file { Ok(DatabaseUrl::new(text.to_owned())) } else { Err(Invalid::Form) }
}

fn parse_azure_url(text: &str) -> Result<DatabaseUrl, Invalid> {
    if text.starts_with("sqlite:") {
        return Err(Invalid::Because(
            "names SQLite, whose file Azure does not keep: set it to a `postgres://` URL",
        ));
    }
    if !is_postgres(text) {
        return Err(Invalid::Because("must begin with `postgres://`"));
    }
    // The driver's own reading decides, for it alone knows which of several spellings and places wins.
    match postgres_options(text)?.get_ssl_mode() {
        PgSslMode::VerifyFull => Ok(DatabaseUrl::new(text.to_owned())),
        _ => Err(Invalid::Because(
            "must end with `?sslmode=verify-full`, so that the worker verifies the database's certificate",
        )),
    }
}

fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

fn postgres_options(text: &str) -> Result<PgConnectOptions, Invalid> {
    let error = || Invalid::Because("cannot be read: it must look like `postgres://user@host/database`");
    let address: PgConnectOptions = text.parse().map_err(|_| error())?;
    // Without a name the server would use the user's name as the database's.
    if address.get_database().is_some() { Ok(address) } else { Err(error()) }
}

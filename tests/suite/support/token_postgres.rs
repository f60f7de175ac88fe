//! PostgreSQL as the platform offers it: behind TLS, for those who show a token of their managed identity.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use tempfile::TempDir;
use test_servers::{
    Authority, Database, IdentityEndpoint, Leaf, Postgres, identity_endpoint::IDENTITY_HEADER,
};
use tokio::process::Command;

use super::{Setup, binary};

/// The role that the server lets in with a token.
pub(crate) const ROLE: &str = "orders-app";

/// A database, its server, and the endpoint that grants tokens for it.
pub(crate) struct TokenPostgres {
    pub(crate) endpoint: IdentityEndpoint,
    pub(crate) server: Postgres,
    database: Database,
    folder: TempDir,
}

/// A token as long as real ones.
pub(crate) fn token(number: u32) -> String {
    format!("token-{number}-{}", "x".repeat(1600))
}

impl TokenPostgres {
    /// A database of this version.
    pub(crate) async fn start() -> Self {
        let guarded = Self::empty().await;
        let output = guarded.migrate(guarded.settings()).await;
        assert!(output.status.success(), "{output:?}");
        guarded
    }

    /// A database without a schema; the server's certificate is for `localhost` and `database.internal`.
    pub(crate) async fn empty() -> Self {
        let authority = Authority::new("tests").expect("an authority");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ca.pem"), authority.certificate()).expect("its certificate");
        let issued =
            authority.issue(&Leaf::server(&["localhost", "database.internal"])).expect("a certificate");
        let server = Postgres::start_behind_tls(&issued, &["fsync=off"]);
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        let database = server.database().await.expect("a database");
        server.create_login(ROLE, &token(1)).await.expect("a role");
        let endpoint = IdentityEndpoint::start(&token(1)).await.expect("an endpoint");
        Self { endpoint, server, database, folder }
    }

    /// The authority that signed the server's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The address of the database, for somebody at this host who trusts this authority.
    pub(crate) fn url(&self, user: &str, host: &str, authority: Option<&Path>) -> String {
        let url = self.database.url().replace("postgres@127.0.0.1", &format!("{user}@{host}"));
        let trusted = authority.map_or_else(String::new, |path| format!("&sslrootcert={}", path.display()));
        format!("{url}?sslmode=verify-full{trusted}")
    }

    /// The settings of an app that signs in with its identity.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ORDERS_DATABASE_URL", self.url(ROLE, "localhost", Some(&self.authority()))),
            ("ORDERS_DATABASE_IDENTITY", "managed".to_owned()),
            ("IDENTITY_ENDPOINT", self.endpoint.url()),
            ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned()),
        ]
    }

    /// Runs `orders-worker migrate`, while the endpoint goes on answering.
    pub(crate) async fn migrate(&self, settings: Vec<(&'static str, String)>) -> Output {
        let mut command = Command::new(binary());
        command.arg("migrate").env_clear().env("AZURE_FUNCTIONS_ENVIRONMENT", "Development").envs(settings);
        command.output().await.expect("the binary runs")
    }

    /// An app on it.
    pub(crate) fn under(&self, setup: Setup) -> Setup {
        self.settings().iter().fold(setup, |setup, (name, value)| setup.set(name, value))
    }

    /// From now on the server takes this token and no other, and the endpoint grants it. No token is granted in
    /// between.
    pub(crate) async fn rotate(&self, number: u32) {
        let mut granting = self.endpoint.state().await;
        self.server.create_login(ROLE, &token(number)).await.expect("the server lets it in");
        granting.token = token(number);
    }
}

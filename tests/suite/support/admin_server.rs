//! A server whose administrators are as Azure's: they make databases and roles, and are no superusers.

use std::process::Output;

use sqlx::{Connection as _, PgConnection};
use test_servers::Postgres;

use super::migration;

/// Three administrators and a login that is none; none shows a password.
const LOGINS: &str = "CREATE ROLE first LOGIN CREATEDB CREATEROLE;
    CREATE ROLE second LOGIN CREATEDB CREATEROLE;
    CREATE ROLE third LOGIN CREATEDB CREATEROLE;
    CREATE ROLE stranger LOGIN";

/// As Azure's function: makes the login under a separate role, and refuses a second login of the name
/// (<https://learn.microsoft.com/azure/postgresql/flexible-server/security-manage-entra-users>).
const ENTRA: &str = r"
    CREATE FUNCTION pgaadauth_create_principal_with_oid(
        name text, object_id text, object_type text, is_admin boolean, is_mfa boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF object_type <> 'service' OR is_admin OR is_mfa OR object_id::uuid::text <> object_id THEN
            RAISE EXCEPTION 'no such principal is wanted here';
        END IF;
        EXECUTE format('CREATE ROLE %I LOGIN', name);
        RETURN 'Created role for ' || name;
    END
    $$";

/// Owners, rights, memberships and settings of the database `orders`, a line each.
const STATE: &str = "SELECT 'database ' || pg_get_userbyid(datdba) || ' ' || coalesce(datacl::text, '')
         FROM pg_database WHERE datname = current_database()
     UNION ALL SELECT 'table ' || relname || ' ' || pg_get_userbyid(relowner) || ' ' || coalesce(relacl::text, '')
         FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL SELECT 'member ' || pg_auth_members::text FROM pg_auth_members
     UNION ALL SELECT 'role ' || pg_roles::text FROM pg_roles
     UNION ALL SELECT 'setting ' || pg_db_role_setting::text FROM pg_db_role_setting
     ORDER BY 1";

/// The server, without a database `orders`.
pub(crate) struct AdminServer(Postgres);

impl AdminServer {
    pub(crate) async fn start() -> Self {
        let server = Self(Postgres::start(&["fsync=off"]).unwrap_or_else(|error| panic!("{error}")));
        server.run("postgres", "postgres", LOGINS).await;
        server
    }

    /// A server with a function like Azure's that makes logins for Entra principals.
    pub(crate) async fn with_entra() -> Self {
        let server = Self::start().await;
        server.run("postgres", "postgres", ENTRA).await;
        server
    }

    /// The address of the database `orders` for this login.
    pub(crate) fn url(&self, login: &str) -> String {
        let (_, place) = self.0.url().split_once('@').expect("an address with a login");
        format!("postgres://{login}@{place}/orders")
    }

    /// Runs `orders-worker migrate` as this login.
    pub(crate) fn migrate(&self, login: &str, arguments: &[&str]) -> Output {
        migration(&self.url(login)).args(arguments).output().expect("the binary runs")
    }

    pub(crate) async fn connect(&self, login: &str, database: &str) -> PgConnection {
        let url = self.url(login);
        let (server, _) = url.rsplit_once('/').expect("an address with a database");
        PgConnection::connect(&format!("{server}/{database}")).await.expect("the server lets it in")
    }

    pub(crate) async fn run(&self, login: &str, database: &str, statements: &'static str) {
        let mut connection = self.connect(login, database).await;
        sqlx::raw_sql(statements).execute(&mut connection).await.expect("the statements are right");
    }

    /// The texts that a statement gives in the database `orders`.
    pub(crate) async fn texts(&self, statement: &'static str) -> Vec<String> {
        let mut connection = self.connect("postgres", "orders").await;
        sqlx::query_scalar(statement).fetch_all(&mut connection).await.expect("the statement is right")
    }

    /// The state that a migration without changes leaves unchanged.
    pub(crate) async fn state(&self) -> Vec<String> {
        self.texts(STATE).await
    }

    /// The owners of the database and its tables.
    pub(crate) async fn owners(&self) -> Vec<String> {
        let owners = "SELECT DISTINCT pg_get_userbyid(owner)::text FROM (
             SELECT datdba FROM pg_database WHERE datname = current_database()
             UNION ALL SELECT relowner FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S', 'v')) AS thing (owner)";
        self.texts(owners).await
    }

    /// Whether a membership says by itself what it is for, and a login is changed by who made it alone.
    pub(crate) async fn is_16_or_later(&self) -> bool {
        let version = "SELECT 'later' WHERE current_setting('server_version_num')::integer >= 160000";
        !self.texts(version).await.is_empty()
    }
}

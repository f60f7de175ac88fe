//! Roles that sign in with a password, and what happens to their connections.

use sqlx::{Connection as _, PgConnection};

use super::{Postgres, PostgresError};

/// Names cannot be bound in a statement that makes a role, so the server itself puts them in.
const LET_IN: &str = "
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_setting('test.role')) THEN
            EXECUTE format('CREATE ROLE %I LOGIN SUPERUSER', current_setting('test.role'));
        END IF;
        EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('test.role'), current_setting('test.password'));
    END $$";

impl Postgres {
    /// Lets this role sign in with this password and no other, from now on.
    ///
    /// # Errors
    /// [`PostgresError::Database`] when the server does not.
    pub async fn create_login(&self, role: &str, password: &str) -> Result<(), PostgresError> {
        let mut connection = self.administrator().await?;
        let remember = "SELECT set_config('test.role', $1, false), set_config('test.password', $2, false)";
        sqlx::query(remember).bind(role).bind(password).execute(&mut connection).await?;
        sqlx::raw_sql(LET_IN).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Breaks the connections of this role; returns how many there were.
    ///
    /// # Errors
    /// [`PostgresError::Database`] when the server does not.
    pub async fn disconnect(&self, role: &str) -> Result<usize, PostgresError> {
        let mut connection = self.administrator().await?;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
        let ended = sqlx::query(end).bind(role).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok(ended.len())
    }

    async fn administrator(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&format!("{}/postgres", self.url())).await
    }
}

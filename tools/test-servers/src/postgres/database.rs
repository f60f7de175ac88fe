//! A database for one test.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::PostgresError;

/// A separate database; dropping the value removes it, and ends its connections.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(super) async fn create(server: &str) -> Result<Self, PostgresError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database =
            Self { server: server.to_owned(), name: format!("test_{}_{number}", std::process::id()) };
        database.run(format!("CREATE DATABASE {} TEMPLATE template0", database.name)).await?;
        Ok(database)
    }

    /// The address of the database, for its owner.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a name cannot be bound; this one is made of digits and letters"
    )]
    async fn run(&self, statement: String) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect(&format!("{}/postgres", self.server)).await?;
        connection.execute(sqlx::AssertSqlSafe(statement)).await?;
        connection.close().await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let removal = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            // What stays because the server is gone, goes with the server's folder.
            runtime.is_ok_and(|runtime| runtime.block_on(self.run(statement)).is_ok())
        };
        // The test's own runtime cannot be blocked on from within.
        thread::scope(|scope| scope.spawn(removal).join().is_ok());
    }
}

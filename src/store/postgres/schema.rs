//! The schema of this version, as the migrations that make it.

use sqlx::migrate::Migrator;

/// Newer schemas than this binary's are left alone: a schema works with the binary before it too.
pub(super) fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/postgres");
    migrator.set_ignore_missing(true);
    migrator
}

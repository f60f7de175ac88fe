//! The words in names of tests by which a run takes them or leaves them out.

/// Parts of the names of the tests that run on a queue server, and of no others.
pub(super) const ON_A_QUEUE_SERVER: [&str; 3] =
    ["queue_server", "storage_functions::", "queues::storage::tests::"];
/// Parts of the names of the tests that run on PostgreSQL, and of no others.
pub(super) const ON_POSTGRES: [&str; 10] = [
    "::postgres",
    "_on_postgres",
    "canaries::",
    "database_faults::",
    "database_tls::",
    "database_token::",
    "doctor::database::a_server_behind_tls",
    "doctor::database::schema_and_grants",
    "databases_are_fresh_and_dropped_with_their_test",
    "a_crash_loses_connections",
];

/// Tests that run on PostgreSQL whichever engine a run selects, so running them once is enough.
pub(super) const ON_POSTGRES_ANYWAY: [&str; 2] = ["database_faults::", "_on_postgres"];

/// The engine of the scenarios that go through PgBouncer, as `TEST_DATABASE` names it.
pub(super) const POOLER: &str = "pgbouncer";

/// In the names of the tests that need PgBouncer, before PostgreSQL.
pub(super) const BEHIND_PGBOUNCER: &str = "behind_pgbouncer";

/// In the names of the tests that run what was packaged in a root that holds nothing else.
pub(super) const IN_A_MINIMAL_ROOT: &str = "minimal_root::";

/// The scenarios run in one mode: what differs between the modes is mostly the emulator's part.
pub(super) const OTHER_MODES: [&str; 2] = ["::forward", "::envelope"];

/// Scenarios of faults and load, which wait for them.
pub(super) const SLOW: [&str; 8] = [
    "crash::",
    "defence_in_depth::",
    "error_precedence::",
    "fairness::",
    "outages::",
    "response_size::",
    "sqlite_faults::",
    "unread_log::",
];

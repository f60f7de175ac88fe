//! The command of the deployment, and what happens before it was run.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};

mod administrators;
mod release_before;
mod text_columns;

use crate::support::{EventLog, Mode, Setup, binary, migrate, migration, on_a_server};

fn said(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[test]
fn migrating_a_file_is_idempotent() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("below").join("orders.db").display());
    for _ in 0..2 {
        let output = migrate(&url);
        assert!(output.status.success(), "{}", said(&output.stderr));
        assert!(said(&output.stdout).contains("schema of this version"));
    }
}

#[test]
fn an_unreachable_server_is_named_without_its_password() {
    let output = migrate("postgres://me:hunter2@127.0.0.1:1/orders");
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output.stderr);
    assert!(told.contains("cannot migrate: the database does not answer:"), "{told}");
    assert!(!told.contains("hunter2") && !said(&output.stdout).contains("hunter2"), "{told}");
}

#[test]
fn wrong_arguments_and_settings_are_explained() {
    let run = |arguments: &[&str]| {
        let output = Command::new(binary()).args(arguments).env_clear().output().expect("the binary runs");
        (output.status.code(), said(&output.stderr))
    };
    let (code, told) = run(&["migrate"]);
    assert!(code == Some(2) && told.contains("ORDERS_DATABASE_URL"), "{told}");
    let (code, told) = run(&["migrate", "--force"]);
    assert!(code == Some(2) && told.contains("orders-worker migrate"), "{told}");
}

#[test]
fn a_file_has_no_roles() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.db");
    let login = "orders_api=x:55555555-5555-4555-8555-555555555555";
    for words in [["--administrator", "somebody"], ["--login", login]] {
        let mut command = migration(&format!("sqlite://{}", file.display()));
        let output = command.args(words).output().expect("the binary runs");
        let told = said(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains("a SQLite file has no roles"), "{told}");
        assert!(!file.exists());
    }
}

#[tokio::test]
async fn postgres_without_migrations_is_503_with_a_remedy_logged() {
    let database = on_a_server().await;
    let setup = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &database.url());
    let mut app = setup.start().await;
    let pid = app.host.worker_pid();
    let buyer = app.user("buyer");
    let reply = buyer.get("/api/orders").await;
    assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{reply:?}");
    let mut heard = EventLog::default();
    heard.until(&mut app, "what to do", |heard| heard.text.contains("run `orders-worker migrate`")).await;

    let output = migrate(&database.url());
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert_eq!(buyer.get("/api/orders").await.status, 200);
    assert_eq!(app.host.worker_pid(), pid, "nothing was restarted");
}

/// Starts the command; returns its output before it ends, and when it ends.
fn says_while_it_waits(url: &str) -> (std::process::Child, String, Duration) {
    let started = Instant::now();
    let mut command =
        migration(url).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = String::new();
    let mut words = BufReader::new(command.stderr.take().expect("it is piped"));
    words.read_line(&mut said).expect("it says something");
    let after = started.elapsed();
    command.stderr = Some(words.into_inner());
    (command, said, after)
}

fn ends_well(mut command: std::process::Child) {
    let mut said = String::new();
    command.stdout.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert!(command.wait().expect("it ends").success() && said.contains("schema of this version"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_lock_wait_names_the_lock_and_its_holder() {
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    for (lock, named) in [
        ("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE", "table `_sqlx_migrations`"),
        ("SELECT pg_advisory_xact_lock(7061011)", "another migration"),
    ] {
        let mut holder = PgConnection::connect(&database.url()).await.expect("the server answers");
        sqlx::raw_sql("SET application_name = 'holder'; BEGIN")
            .execute(&mut holder)
            .await
            .expect("a transaction");
        sqlx::raw_sql(lock).execute(&mut holder).await.expect("the lock is free");
        let pid: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut holder).await.expect("a pid");
        let url = database.url();
        let waiting = tokio::task::spawn_blocking(move || says_while_it_waits(&url));
        let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        let released = sqlx::raw_sql("ROLLBACK").execute(&mut holder).await;
        assert!(waited.is_ok() && released.is_ok(), "behind {lock} it says nothing");
        let (command, said, after) = waited.expect("in time").expect("no panic");
        for word in [named, "holder", &pid.to_string()] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!((2..4).contains(&after.as_secs()), "{after:?}");
        tokio::task::spawn_blocking(move || ends_well(command)).await.expect("it ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_reports_waiting_for_another_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orders.db");
    let url = format!("sqlite://{}", file.display());
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut holder = SqliteConnection::connect_with(&options).await.expect("the file opens");
    sqlx::raw_sql("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").execute(&mut holder).await.expect("the lock");
    let waiting = tokio::task::spawn_blocking(move || says_while_it_waits(&url));
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("the lock is released");
    let (command, said, _) = waited.expect("it says something").expect("no panic");
    assert!(said.contains("waits") && said.contains("another process"), "{said}");
    tokio::task::spawn_blocking(move || ends_well(command)).await.expect("it ends");
}

/// Settings of the database like those that a migration makes if it cannot change the logins of the apps.
const LIMITS: &str = "DO $$ BEGIN
     EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '5s');
     EXECUTE format('ALTER DATABASE %I SET lock_timeout = %L', current_database(), '5s');
 END $$";

/// Lets a connection that waits for the table go on six seconds after it came.
const RELEASE: &str = "DO $$ BEGIN
     FOR attempt IN 1..600 LOOP
         EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = '_sqlx_migrations'::regclass AND NOT granted);
         PERFORM pg_sleep(0.05);
     END LOOP;
     PERFORM pg_sleep(6);
 END $$;
 COMMIT";

#[tokio::test]
async fn postgres_timeouts_do_not_cancel_a_long_migration() {
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    let mut holder = PgConnection::connect(&database.url()).await.expect("the server answers");
    sqlx::raw_sql(LIMITS).execute(&mut holder).await.expect("the database's settings");
    let lock = "BEGIN; LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut holder).await.expect("the lock is free");
    let url = database.url();
    let started = Instant::now();
    let migrating = tokio::task::spawn_blocking(move || migrate(&url));
    sqlx::raw_sql(RELEASE).execute(&mut holder).await.expect("the lock is released");
    let output = migrating.await.expect("no panic");
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert!(started.elapsed() > Duration::from_secs(5), "{:?}", started.elapsed());
}

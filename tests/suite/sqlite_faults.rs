//! What a laptop does to the file that the orders are in: a full disk, other programs that have it open, files that are
//! deleted or replaced. Each costs the calls that meet it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::support::{Client, EventLog, Mode, SOON, Setup, TestApp, an_order, kill};

/// Set for the process of this test that has a small disk, and names the disk's folder.
const SMALL_DISK: &str = "SMALL_DISK";

/// The largest write-ahead log, in bytes, that is left alone.
const WAL_LIMIT: u64 = 16 * 1024 * 1024;

/// An app whose orders are in a file of the test's.
async fn started(database: &Path) -> (TestApp, Client) {
    let url = format!("sqlite://{}", database.display());
    let app = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &url).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    (app, buyer)
}

async fn place(buyer: &Client) -> u16 {
    buyer.post("/api/orders", &an_order("BEANS")).await.status
}

/// The database as another program opens it.
async fn another_program(database: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.expect("the file opens")
}

async fn runs(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::query(statement).execute(connection).await.expect(statement);
}

fn wal(database: &Path) -> PathBuf {
    database.with_file_name("orders.db-wal")
}

/// Runs this very test in a process that has 8 MiB of disk to itself; none where that is not allowed.
fn in_a_small_disk(test: &str) -> Option<()> {
    let folder = TempDir::new().expect("a temporary folder");
    let disk = "mount -t tmpfs -o size=8m tmpfs \"$0\" && SMALL_DISK=\"$0\" exec \"$@\"";
    let alone = |arguments: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(arguments).args(["sh", "-c", disk]).arg(folder.path());
        unshare
    };
    let ways = [["--mount"].as_slice(), ["--mount", "--map-root-user"].as_slice()];
    let allowed = |way: &&&[&str]| alone(way).arg("true").status().is_ok_and(|status| status.success());
    let mut this = alone(ways.iter().find(allowed)?);
    this.arg(env::current_exe().expect("the test's own program")).args(["--exact", test, "--nocapture"]);
    let output = this.output().expect("the test's own program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

#[tokio::test]
async fn a_full_disk_fails_writes_until_space_returns() {
    let Some(disk) = env::var_os(SMALL_DISK).map(PathBuf::from) else {
        let test = "sqlite_faults::a_full_disk_fails_writes_until_space_returns";
        if in_a_small_disk(test).is_none() {
            assert!(env::var_os("CI").is_none(), "no disk can be mounted: allow user namespaces");
            eprintln!("NOT TESTED: a full disk, because this machine allows no mount of a small one");
        }
        return;
    };
    let (mut app, buyer) = started(&disk.join("orders.db")).await;
    let first = buyer.place("BEANS").await;
    let (worker, mut acknowledged) = (app.host.worker_pid(), 1);
    for round in 0..3 {
        let mut heard = EventLog::default();
        let ballast = disk.join("ballast");
        fs::write(&ballast, vec![0; 8 * 1024 * 1024]).expect_err("the disk is full");
        let refused = loop {
            match place(&buyer).await {
                201 => acknowledged += 1,
                other => break other,
            }
            assert!(acknowledged < 10_000, "the disk is never full");
            heard.listen(&mut app);
        };
        assert_eq!(refused, 503);
        for _ in 0..5 {
            assert_eq!(place(&buyer).await, 503);
            assert_eq!(buyer.get(&first).await.status, 200, "reads go on");
        }
        fs::remove_file(&ballast).expect("space is made");
        assert_eq!(place(&buyer).await, 201, "round {round}: the next write succeeds");
        acknowledged += 1;
        heard.until(&mut app, "the outage's end", |heard| !heard.events("outage-ended").is_empty()).await;
        let lines = (heard.events("database-unavailable").len(), heard.events("outage-ended"));
        let (1, [ended]) = (lines.0, &lines.1[..]) else { panic!("round {round}: {lines:?}") };
        assert_eq!(
            (&ended["outage"], &ended["failed_calls"]),
            (&json!("database-unavailable"), &json!(6)),
            "{ended}"
        );
    }
    assert_eq!(app.host.worker_pid(), worker, "without a restart");
    let mut there = another_program(&disk.join("orders.db")).await;
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&mut there).await.unwrap();
    assert_eq!(orders, acknowledged, "what was acknowledged is there, and nothing else");
}

#[tokio::test]
async fn a_pinned_wal_is_reported_and_later_truncated() {
    let folder = TempDir::new().expect("a temporary folder");
    let database = folder.path().join("orders.db");
    let (mut app, buyer) = started(&database).await;
    let mut reader = another_program(&database).await;
    runs(&mut reader, "BEGIN").await;
    runs(&mut reader, "SELECT count(*) FROM orders").await;
    let mut writer = another_program(&database).await;
    runs(&mut writer, "CREATE TABLE ballast (bytes BLOB)").await;
    for _ in 0..9 {
        runs(&mut writer, "INSERT INTO ballast VALUES (zeroblob(8000000))").await;
    }
    let mut heard = EventLog::default();
    heard.until(&mut app, "the log is large", |heard| !heard.events("wal-large").is_empty()).await;
    assert_eq!(place(&buyer).await, 201, "calls go on");
    runs(&mut reader, "ROLLBACK").await;
    heard.until(&mut app, "the log is small", |heard| !heard.events("wal-truncated").is_empty()).await;
    assert!(fs::metadata(wal(&database)).is_ok_and(|wal| wal.len() <= WAL_LIMIT));
    assert_eq!((heard.events("wal-large").len(), heard.events("wal-truncated").len()), (1, 1));
}

#[tokio::test]
async fn a_deleted_database_file_is_reported() {
    let folder = TempDir::new().expect("a temporary folder");
    let (database, away) = (folder.path().join("orders.db"), folder.path().join("away.db"));
    let (mut app, buyer) = started(&database).await;
    let first = buyer.place("BEANS").await;
    let mut heard = EventLog::default();
    fs::rename(&database, &away).expect("another program moves the file");
    assert_eq!(place(&buyer).await, 503);
    let lost = Instant::now();
    heard
        .until(&mut app, "the file is missed", |heard| {
            heard.events("database-file-replaced").first().is_some_and(|line| line["file"] == "orders.db")
        })
        .await;
    assert!(lost.elapsed() < Duration::from_secs(5), "{:?}", lost.elapsed());
    fs::write(&database, "").expect("another program makes a file");
    assert_eq!(
        (place(&buyer).await, buyer.get(&first).await.status),
        (503, 503),
        "another file is no better"
    );
    assert_eq!(fs::metadata(&database).map(|file| file.len()).ok(), Some(0), "nothing is written into it");
    fs::rename(&away, &database).expect("the same file comes back");
    assert_eq!((place(&buyer).await, buyer.get(&first).await.status), (201, 200));
    heard
        .until(&mut app, "the file is back", |heard| !heard.events("database-file-restored").is_empty())
        .await;
    assert_eq!(heard.events("database-file-replaced").len(), 1);
}

#[tokio::test]
async fn acknowledged_writes_survive_loss_of_the_wal() {
    let folder = TempDir::new().expect("a temporary folder");
    let database = folder.path().join("orders.db");
    let (mut app, buyer) = started(&database).await;
    let order = buyer.place("BEANS").await;
    fs::remove_file(wal(&database)).expect("another program deletes the log");
    assert_eq!(place(&buyer).await, 503);
    let mut heard = EventLog::default();
    heard
        .until(&mut app, "the log is missed", |heard| !heard.events("database-file-replaced").is_empty())
        .await;
    kill(&app);
    app.eventually("another worker serves", SOON, async || place(&buyer).await == 201).await;
    assert_eq!(buyer.get(&order).await.status, 200);
}

#[tokio::test]
async fn a_foreign_write_lock_fails_only_concurrent_writes() {
    let folder = TempDir::new().expect("a temporary folder");
    let database = folder.path().join("orders.db");
    let (_app, buyer) = started(&database).await;
    let first = buyer.place("BEANS").await;
    let mut other = another_program(&database).await;
    runs(&mut other, "BEGIN IMMEDIATE").await;
    let began = Instant::now();
    let once = buyer.with("idempotency-key", "free");
    let once = async || once.post("/api/orders", &an_order("BEANS")).await;
    let refused = once().await;
    assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"), "no request has this key");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(place(&buyer).await, 503);
    assert_eq!(buyer.get(&first).await.status, 200, "reads go on");
    runs(&mut other, "ROLLBACK").await;
    assert_eq!((place(&buyer).await, once().await.status), (201, 201));
}

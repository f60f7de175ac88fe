//! The command of the deployment, and what happens before it was run.

use std::process::Command;

use local_host::Event;

use crate::support::{Mode, Setup, binary, migrate, on_a_server};

fn said(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[test]
fn a_file_is_brought_up_as_often_as_one_likes() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("below").join("orders.db").display());
    for _ in 0..2 {
        let output = migrate(&url);
        assert!(output.status.success(), "{}", said(&output.stderr));
        assert!(said(&output.stdout).contains("at this version"));
    }
}

#[test]
fn a_server_that_is_away_is_named_and_its_password_is_not() {
    let output = migrate("postgres://me:hunter2@127.0.0.1:1/orders");
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output.stderr);
    assert!(told.contains("cannot migrate: the database does not answer:"), "{told}");
    assert!(!told.contains("hunter2") && !said(&output.stdout).contains("hunter2"), "{told}");
}

#[test]
fn without_a_database_or_with_another_word_it_says_what_is_wrong() {
    let run = |arguments: &[&str]| {
        let output = Command::new(binary()).args(arguments).env_clear().output().expect("the binary runs");
        (output.status.code(), said(&output.stderr))
    };
    let (code, told) = run(&["migrate"]);
    assert!(code == Some(2) && told.contains("ORDERS_DATABASE_URL"), "{told}");
    for other in [&["serve"][..], &["migrate", "--force"], &["--help"]] {
        let (code, told) = run(other);
        assert!(code == Some(2) && told.contains("`migrate`"), "{told}");
    }
}

#[tokio::test]
async fn before_the_first_migration_callers_get_503_and_the_log_says_what_to_do() {
    let database = on_a_server().await;
    let setup = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &database.url());
    let mut app = setup.start().await;
    let pid = app.host.worker_pid();
    let buyer = app.person("buyer");
    let reply = buyer.get("/api/orders").await;
    assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{reply:?}");
    let mut log = String::new();
    while let Ok(event) = app.heard.try_recv() {
        if let Event::Output { line, .. } = event {
            log.push_str(&line);
        }
    }
    assert!(log.contains("run `orders-worker migrate`"), "{log}");

    let output = migrate(&database.url());
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert_eq!(buyer.get("/api/orders").await.status, 200);
    assert_eq!(app.host.worker_pid(), pid, "nothing was restarted");
}

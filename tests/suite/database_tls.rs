//! PostgreSQL over TLS: with `sslmode=verify-full` the server must prove its identity before the client sends
//! anything.

use std::fs;

use test_servers::Authority;

use crate::support::{ROLE, TokenPostgres, on_a_server, token};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_verified_server_is_accepted() {
    let guarded = TokenPostgres::empty().await;
    let user = format!("{ROLE}:{}", token(1));
    let url = guarded.url(&user, "localhost", Some(&guarded.authority()));
    let output = guarded.migrate(vec![("ORDERS_DATABASE_URL", url)]).await;
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test]
async fn an_unverified_server_is_rejected() {
    let guarded = TokenPostgres::empty().await;
    let foreign = guarded.authority().with_file_name("foreign.pem");
    let authority = Authority::new("tests").expect("an authority");
    fs::write(&foreign, authority.certificate()).expect("its certificate");
    let user = format!("{ROLE}:hunter2");
    let without_tls = on_a_server().await.url();
    for (fault, url, told) in [
        ("another authority", guarded.url(&user, "localhost", Some(&foreign)), "BadSignature"),
        ("no public authority", guarded.url(&user, "localhost", None), "UnknownIssuer"),
        ("another name", guarded.url(&user, "127.0.0.1", Some(&guarded.authority())), "not valid for name"),
        ("no TLS", format!("{without_tls}?sslmode=verify-full"), "server does not support TLS"),
    ] {
        let output = guarded.migrate(vec![("ORDERS_DATABASE_URL", url)]).await;
        let said = said(&output);
        assert!(output.status.code() == Some(1) && said.contains(told), "{fault}: {said}");
        assert!(!said.contains("hunter2"), "{fault}: {said}");
    }
}

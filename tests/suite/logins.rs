//! The logins of the apps, as `orders-worker migrate --login` makes them; Azure's own function is stood in for.

use std::process::Output;

use sqlx::{Connection as _, PgConnection};

use crate::support::AdminServer;

/// The name of the api app's login; it needs quotes in SQL.
const API: &str = "orders_api=id \"api\":55555555-5555-4555-8555-555555555555";
const PROCESSOR: &str = "orders_processor=id-processor:66666666-6666-4666-8666-666666666666";

const MEMBERS: &str = "SELECT DISTINCT pg_get_userbyid(member) || ' in ' || pg_get_userbyid(roleid)
     FROM pg_auth_members WHERE pg_get_userbyid(member) LIKE 'id%' ORDER BY 1";

const LIMITS: &str =
    "SELECT CASE setrole WHEN 0 THEN 'database' ELSE 'login' END || ' ' || array_to_string(setconfig, ' ')
     FROM pg_db_role_setting ORDER BY 1";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// What holds for somebody who signs in with nothing but a name.
async fn setting(server: &AdminServer, login: &str, statement: &'static str) -> String {
    let mut connection = server.connect(login, "orders").await;
    sqlx::query_scalar(statement).fetch_one(&mut connection).await.expect("a setting")
}

#[tokio::test]
async fn postgres_identity_gets_its_role_and_limits() {
    let server = AdminServer::with_entra().await;
    done(&server.migrate("first", &["--login", API, "--login", PROCESSOR]));
    let own = ["id \"api\" in orders_api", "id-processor in orders_processor"];
    assert_eq!(server.texts(MEMBERS).await, own);
    for login in ["id%20%22api%22", "id-processor"] {
        assert_eq!(setting(&server, login, "SHOW statement_timeout").await, "5s");
        assert_eq!(setting(&server, login, "SHOW idle_in_transaction_session_timeout").await, "30s");
    }
    // From 16 on an administrator cannot change a login that another role made.
    let limits = server.texts(LIMITS).await;
    let whose = if server.is_16_or_later().await { &["database"][..] } else { &["login", "login"] };
    let expected = whose
        .iter()
        .map(|whose| format!("{whose} statement_timeout=5s idle_in_transaction_session_timeout=30s"));
    assert_eq!(limits, expected.collect::<Vec<_>>());

    let state = server.state().await;
    done(&server.migrate("first", &["--login", PROCESSOR, "--login", API]));
    assert_eq!(server.state().await, state, "the second time it changes nothing");
    done(&server.migrate("first", &[]));
    assert_eq!(server.state().await, state, "without logins it changes nothing of them");
}

#[tokio::test]
async fn postgres_unknown_role_cannot_connect() {
    let server = AdminServer::with_entra().await;
    done(&server.migrate("first", &["--login", API]));
    let refused = PgConnection::connect(&server.url("stranger")).await.expect_err("a stranger");
    let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
    assert_eq!(code.as_deref(), Some("42501"), "{refused}");
}

#[tokio::test]
async fn postgres_superfluous_role_is_revoked() {
    let server = AdminServer::with_entra().await;
    done(&server.migrate("first", &["--administrator", "second", "--login", API, "--login", PROCESSOR]));
    let more = "GRANT orders_processor, orders_owner TO \"id \"\"api\"\"\"";
    server.run("first", "orders", more).await;
    assert_eq!(server.texts(MEMBERS).await.len(), 4);
    done(&server.migrate("first", &["--login", API]));
    assert_eq!(server.texts(MEMBERS).await, ["id \"api\" in orders_api", "id-processor in orders_processor"]);

    let other = API.replace("orders_api", "orders_processor");
    done(&server.migrate("second", &["--login", &other]));
    let theirs = ["id \"api\" in orders_processor", "id-processor in orders_processor"];
    assert_eq!(server.texts(MEMBERS).await, theirs, "another administrator can take it away too");
    done(&server.migrate("second", &["--login", &other, "--login", API]));
    assert_eq!(server.texts(MEMBERS).await.len(), 3, "one app can serve all functions");
}

#[tokio::test]
async fn postgres_without_entra_uses_an_existing_login() {
    let server = AdminServer::start().await;
    let missing = server.migrate("first", &["--login", PROCESSOR]);
    assert_eq!(missing.status.code(), Some(1));
    for word in ["no login `id-processor`", "pgaadauth_create_principal_with_oid", "CREATE ROLE"] {
        assert!(said(&missing).contains(word), "{word}: {}", said(&missing));
    }
    server.run("first", "orders", "CREATE ROLE \"id-processor\" LOGIN").await;
    done(&server.migrate("first", &["--login", PROCESSOR]));
    assert_eq!(server.texts(MEMBERS).await, ["id-processor in orders_processor"]);
    let limits = ["login statement_timeout=5s idle_in_transaction_session_timeout=30s"];
    assert_eq!(server.texts(LIMITS).await, limits, "who made the login can change it");
}

#[tokio::test]
async fn postgres_migrating_login_is_not_an_app_login() {
    let server = AdminServer::with_entra().await;
    let own = PROCESSOR.replace("id-processor", "first");
    let refused = server.migrate("first", &["--login", &own]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("`first` runs the migration"), "{}", said(&refused));
}

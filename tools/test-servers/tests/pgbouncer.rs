//! A PgBouncer that is there when it is wanted, and gone when it is not.

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use test_servers::{PgBouncer, Postgres};

#[tokio::test]
async fn clients_behind_pgbouncer_share_one_connection_on_postgres() {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let bouncer =
        PgBouncer::start(server, &["default_pool_size = 1"]).unwrap_or_else(|error| panic!("{error}"));
    let database = server.database().await.unwrap();
    let address: PgConnectOptions = bouncer.url(&database).parse().unwrap();
    let address = address.extra_float_digits(None);
    let mut processes = Vec::new();
    for _ in 0..2 {
        let mut client = PgConnection::connect_with(&address).await.unwrap();
        let mut transaction = client.begin().await.unwrap();
        let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .persistent(false)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        processes.push(process);
    }
    assert_eq!(processes[0], processes[1], "two clients of one connection");
    drop(bouncer);
    assert!(PgConnection::connect_with(&address).await.is_err());
}

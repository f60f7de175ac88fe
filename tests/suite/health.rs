//! Health shows whether the dependencies answer, and nothing else.

use serde_json::json;

use crate::support::{Mode, SOON, Setup, in_every_mode};

in_every_mode!(health_is_ok_while_the_database_responds, an_unavailable_database_is_503_without_a_crash);

async fn health_is_ok_while_the_database_responds(mode: Mode) {
    let app = Setup::in_mode(mode).start().await;
    app.eventually("health is ok", SOON, async || app.anonymous().get("/api/health").await.status == 200)
        .await;
    assert_eq!(app.anonymous().get("/api/health").await.json(), json!({"status": "ok"}));
}

async fn an_unavailable_database_is_503_without_a_crash(mode: Mode) {
    let app = Setup::in_mode(mode).set("ORDERS_DATABASE_URL", "sqlite:///proc/none/orders.db").start().await;
    let pid = app.host.worker_pid();
    let reply = app.user("buyer").get("/api/orders").await;
    assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{reply:?}");
    assert!(reply.header("retry-after").is_some());
    let health = app.anonymous().get("/api/health").await;
    assert_eq!((health.status, health.json()), (503, json!({"status": "degraded"})));
    assert_eq!(app.host.worker_pid(), pid);
}

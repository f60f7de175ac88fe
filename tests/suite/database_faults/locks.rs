//! What somebody else has locked.

use std::sync::atomic::AtomicBool;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_locked_holds_up_who_needs_it_and_nothing_else() {
    together(scenarios![a_locked_table, a_locked_order]).await;
}

async fn a_locked_table() {
    let world = World::start().await;
    let mut other = PgConnection::connect(&world.direct).await.expect("a connection");
    let mut lock = other.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("a lock");
    let key = fresh();
    let replies = join_all((0..4).map(|_| world.send(&key, None))).await;
    assert!(replies.iter().all(|reply| reply.status == 503), "{replies:?}");
    let reply = world.send(&key, Some(&key)).await;
    assert_eq!(
        (reply.status, reply.problem().as_str()),
        (503, "unavailable"),
        "no request of this key is under way"
    );
    lock.rollback().await.expect("the lock is given back");
    let reply = world.send(&key, Some(&key)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(world.orders(&key).await, 1);
    world.works().await;
    world.end();
}

async fn a_locked_order() {
    let world = World::start().await;
    let locked = world.buyer.place("BEANS").await;
    let other = world.buyer.place("BEANS").await;
    let (_, id) = locked.rsplit_once('/').expect("an id");
    let mut connection = PgConnection::connect(&world.direct).await.expect("a connection");
    let mut lock = connection.begin().await.expect("a transaction");
    let row = "SELECT 1 FROM orders WHERE id = $1 FOR UPDATE";
    sqlx::query(row).bind(id).execute(&mut *lock).await.expect("a lock");

    let (path, over) = (format!("{locked}/cancel"), AtomicBool::new(false));
    let caller = async || {
        while !over.load(Ordering::Relaxed) {
            let (status, took) = timed(world.buyer.post_nothing(&path)).await;
            assert!(status == 503 && took < ANSWERED, "{status} after {took:?}");
        }
    };
    let others = async {
        let mut watcher = PgConnection::connect(&world.direct).await.expect("a connection");
        world.app.eventually("somebody waits for the lock", HEALED, async || waits(&mut watcher).await).await;
        let call = async |number: usize| match number % 2 {
            0 => world.buyer.get(&other).await.status,
            _ => world.send(&fresh(), None).await.status,
        };
        let answers = join_all((0..24).map(call)).await;
        over.store(true, Ordering::Relaxed);
        answers
    };
    let (_, others) = tokio::join!(join_all((0..16).map(|_| caller())), others);
    assert!(others.iter().all(|status| *status < 300), "others are not served: {others:?}");
    lock.rollback().await.expect("the lock is given back");
    assert_eq!(world.buyer.post_nothing(&path).await.status, 200);
    world.end();
}

async fn waits(connection: &mut PgConnection) -> bool {
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(connection).await.expect("it answers")
}

//! The server's plans at 100,000 orders: what a call reads grows with what it returns, not with what is stored.

use serde_json::Value;
use sqlx::{Executor as _, Row as _};

use super::*;
use crate::store::sql::{
    ACTIVE_PRODUCTS, ALL_PRODUCTS, DEAD_LETTERS, GAUGES, HISTORY, KEY, PRODUCT, PURGE_KEYS,
};

const LOAD: &str = include_str!("plans/load.sql");

/// Rows that a statement may read for each that it returns or changes.
const MOST: f64 = 3.0;

/// A statement and arguments of its parameters; `plans/load.sql` has the functions that stand in them.
struct Statement {
    name: &'static str,
    text: &'static str,
    types: &'static str,
    arguments: &'static str,
    /// Orders, lines, history entries, products, letters or messages that it returns or changes with these arguments.
    rows: u32,
}

const fn statement(
    name: &'static str,
    text: &'static str,
    types: &'static str,
    arguments: &'static str,
    rows: u32,
) -> Statement {
    Statement { name, text, types, arguments, rows }
}

const NEW_ORDER: &str =
    "uuid, uuid, uuid, text, text, text, bigint, text[], bigint[], text, uuid, uuid, text, bytea, bigint";
const INGESTED: &str = "uuid, uuid, uuid, text, text, text, bigint, text[], bigint[], text, uuid, uuid, uuid, bytea, bytea, text";
const UPDATED: &str = "uuid, uuid, uuid, text, bigint, text, bigint, text[], bigint[], text, uuid, uuid";
const QUEUED: &str = "uuid, bigint, uuid, text, bytea, bigint, integer, text, uuid, uuid, uuid";
const LETTER: &str = "uuid, text, uuid, uuid, text, bigint, bytea, bytea, bigint, bigint, uuid, uuid, bigint, uuid, text, bytea";

/// What the functions of a request or a message run. Orders have two lines and three history entries each.
const OF_REQUESTS: &[Statement] = &[
    statement("one order", sql::ORDER.own, "uuid, uuid, uuid", "nth(70001), tenant(), owner(1)", 3),
    statement("any order", sql::ORDER.tenant, "uuid, uuid", "nth(70001), tenant()", 3),
    statement("no order", sql::ORDER.own, "uuid, uuid, uuid", "nth(70001), tenant(), owner(2)", 1),
    statement("orders", sql::ORDERS.own, "uuid, uuid, uuid, bigint", "tenant(), owner(1), newest(), 26", 78),
    statement("deep", sql::ORDERS.own, "uuid, uuid, uuid, bigint", "tenant(), owner(1), nth(40000), 26", 78),
    statement("old", sql::ORDERS.own, "uuid, uuid, uuid, bigint", "tenant(), owner(2000), newest(), 26", 78),
    statement("all orders", sql::ORDERS.tenant, "uuid, uuid, bigint", "tenant(), newest(), 101", 303),
    statement("all, deep", sql::ORDERS.tenant, "uuid, uuid, bigint", "tenant(), nth(500), 101", 303),
    statement(
        "history",
        HISTORY.own,
        "uuid, bigint, bigint, uuid, uuid",
        "nth(70001), 9223372036854775807, 26, tenant(), owner(1)",
        3,
    ),
    statement("any history", HISTORY.tenant, "uuid, bigint, bigint, uuid", "nth(70001), 3, 26, tenant()", 2),
    statement(
        "place",
        sql::PLACE,
        NEW_ORDER,
        "nth(200000), tenant(), owner(1), 'PO', 'EUR', NULL, 1, '{SKU-1,SKU-2}', '{1,2}', 'user', owner(1), nth(1), NULL,
         NULL, 0",
        2,
    ),
    statement(
        "place with a key",
        sql::PLACE,
        NEW_ORDER,
        "nth(200000), tenant(), owner(1), 'PO', 'EUR', NULL, 1, '{SKU-1,SKU-2}', '{1,2}', 'user', owner(1), nth(1), 'new',
         sha256(''), 0",
        2,
    ),
    statement(
        "place again",
        sql::PLACE,
        NEW_ORDER,
        "nth(200000), tenant(), owner(1), 'PO', 'EUR', NULL, 1, '{SKU-1,SKU-2}', '{1,2}', 'user', owner(1), nth(1),
         'key-70001', sha256(''), 0",
        2,
    ),
    statement("key", KEY, "uuid, uuid, text, bigint", "tenant(), owner(1), 'key-70001', 0", 1),
    statement(
        "ingest",
        sql::INGEST,
        INGESTED,
        "nth(200000), tenant(), owner(1), 'PO', 'EUR', NULL, 1, '{SKU-1,SKU-2}', '{1,2}', 'system', NULL, nth(1),
         message(200000), sha256(''), sha256(''), 'incoming'",
        2,
    ),
    statement(
        "update",
        sql::UPDATE,
        UPDATED,
        "nth(70001), tenant(), owner(1), 'PO', 3, NULL, 1, '{SKU-1,SKU-2}', '{1,2}', 'user', owner(1), nth(1)",
        3,
    ),
    statement("own update", sql::OWN_UPDATE, "uuid, uuid, bigint", "nth(70001), nth(1), 1", 3),
    statement(
        "cancel",
        sql::CANCEL.own,
        "uuid, bigint, text, uuid, uuid, uuid, uuid",
        "nth(70001), 1, 'user', owner(1), nth(1), tenant(), owner(1)",
        3,
    ),
    statement(
        "queue",
        sql::QUEUE.tenant,
        QUEUED,
        "nth(70001), 1, message(200000), 'fulfilment', '', 1, 1, 'user', owner(1), nth(1), tenant()",
        3,
    ),
    statement(
        "pending",
        sql::PENDING,
        "uuid, uuid, bigint, text, bytea",
        "nth(70000), message(70000), 1, 'fulfilment', ''",
        3,
    ),
    statement(
        "decide",
        sql::DECIDE,
        "uuid, text, bigint, uuid, text, text, uuid",
        "nth(70000), 'fulfilled', 1, message(70000), 'fulfilment', 'fulfil', nth(1)",
        1,
    ),
    statement(
        "dead letter",
        sql::RECORD_DEAD_LETTER,
        LETTER,
        "nth(200000), 'orders-fulfilment', message(70000), nth(70000), 'poison', 5, 'x', sha256('x'), 1, NULL, nth(70000),
         message(70000), 1, nth(1), 'fulfilment', payload(70000)",
        1,
    ),
    statement("letters", DEAD_LETTERS, "uuid, bigint", "nth(50000), 26", 26),
    statement("letter", sql::DEAD_LETTER, "uuid", "nth(70002)", 1),
    statement(
        "replay",
        sql::REPLAY,
        "uuid, bigint, uuid, text, bytea, bytea, uuid, text, uuid, uuid",
        "nth(70002), 1, message(200000), 'fulfilment', 'x', sha256('x'), nth(70002), 'user', owner(1), nth(1)",
        1,
    ),
    statement("products", ACTIVE_PRODUCTS, "text, bigint", "'SKU-5', 26", 26),
    statement("all products", ALL_PRODUCTS, "text, bigint", "'', 26", 26),
    statement("product", PRODUCT, "text", "'SKU-5'", 1),
];

/// What timers run on tables that grow with the orders; dead letters have a ceiling.
const OF_TIMERS: &[Statement] = &[
    statement(
        "relay",
        sql::TAKE_DUE,
        "bigint, bigint, bigint, bigint, bigint, bigint, text, bigint, bigint",
        "1000000000000, 1, 1, 100, 2000000000000, 1, '', -1, 1000000",
        100,
    ),
    statement("old keys", PURGE_KEYS, "bigint, bigint", "500, 100", 100),
    statement("old messages", sql::PURGE_INBOX, "bigint, bigint", "1000, 1000", 1000),
    statement("closed messages", sql::PURGE_OUTBOX, "bigint, bigint", "1000, 1000", 1000),
    // Counts what is open.
    statement("gauges", GAUGES, "bigint, text", "2000000000000, ''", 2000),
];

/// The tables that a plan reads from end to end, and how many rows it reads of all.
fn reads(plan: &Value, whole: &mut Vec<String>) -> f64 {
    let number = |member: &str| plan[member].as_f64().unwrap_or_default();
    let mut read = 0.0;
    if let Some(table) = plan["Relation Name"].as_str().filter(|_| plan["Node Type"] != "ModifyTable") {
        let seen = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
        read += seen.map(number).iter().sum::<f64>() * number("Actual Loops");
        if plan["Node Type"] == "Seq Scan" {
            whole.push(table.to_owned());
        }
    }
    let parts = plan["Plans"].as_array().map_or(&[][..], Vec::as_slice);
    read + parts.iter().map(|part| reads(part, whole)).sum::<f64>()
}

/// Runs a statement as the worker's driver does, prepared, and takes its changes back. Returns its plan.
#[expect(clippy::disallowed_methods, reason = "EXPLAIN takes no parameters; all of the text is constant")]
async fn plan(server: &mut PgConnection, statement: &Statement) -> Value {
    let Statement { text, types, arguments, .. } = statement;
    let texts = [
        "BEGIN".to_owned(),
        format!("PREPARE one ({types}) AS {text}"),
        format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE one ({arguments})"),
    ];
    let mut explained = None;
    for text in texts {
        explained = server.fetch_optional(sqlx::raw_sql(&*text.leak())).await.unwrap();
    }
    let plan: String = explained.unwrap().try_get_unchecked(0).unwrap();
    server.execute(sqlx::raw_sql("ROLLBACK; DEALLOCATE one")).await.unwrap();
    serde_json::from_str::<Value>(&plan).unwrap()[0]["Plan"].take()
}

async fn read_too_much(server: &mut PgConnection, statements: &[Statement]) -> Vec<String> {
    let mut faults = Vec::new();
    for statement in statements {
        let (plan, mut whole) = (plan(server, statement).await, Vec::new());
        let read = reads(&plan, &mut whole);
        if read > MOST * f64::from(statement.rows) || !whole.is_empty() {
            faults.push(format!(
                "{}: {read} rows for {}; whole {whole:?}\n{plan:#}",
                statement.name, statement.rows
            ));
        }
    }
    faults
}

#[tokio::test]
async fn no_call_reads_more_than_it_needs_of_100_000_orders() {
    let (_database, store) = migrated().await;
    let mut server = PgConnection::connect_with(&store.address).await.unwrap();
    sqlx::raw_sql(LOAD).execute(&mut server).await.unwrap();
    server.execute("VACUUM (ANALYZE)").await.unwrap();
    for mode in ["SET plan_cache_mode = force_custom_plan", "SET plan_cache_mode = force_generic_plan"] {
        server.execute(mode).await.unwrap();
        let faults = read_too_much(&mut server, OF_REQUESTS).await;
        assert!(faults.is_empty(), "{mode}\n{}", faults.join("\n"));
    }
    // The server keeps to plans for the values at hand where those for any value cost more.
    server.execute("SET plan_cache_mode = auto").await.unwrap();
    let faults = read_too_much(&mut server, OF_TIMERS).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

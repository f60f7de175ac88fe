//! What the tables take after so many fulfilled orders, and how much of that a fresh copy would not: once as `migrate`
//! sets the tables up, and once with the server's own settings.

use std::path::Path;

use sqlx::{Connection as _, FromRow, PgConnection};
use test_servers::Postgres;

use crate::database::migrate;

const FULFIL: &str = include_str!("bloat/fulfil.sql");

/// The server looks after its tables every two seconds here, for an hour's orders come in a minute or so.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "synchronous_commit=off",
    "autovacuum_naptime=2s",
    "max_wal_size=4GB",
    "shared_buffers=256MB",
];

/// How many write at once.
const SESSIONS: i64 = 2;

/// An order is fulfilled when this many others were placed after it.
const IN_FLIGHT: i64 = 300;

/// Orders of one call of the procedure: autovacuum learns of what a session did when its call has ended.
const CHUNK: i64 = 1000;

/// Takes the settings of `migrate` off again.
const RESET: &str = "DO $$
    DECLARE named record;
    BEGIN
        FOR named IN SELECT relname, option_name FROM pg_class, pg_options_to_table(reloptions)
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE %I RESET (%I)', named.relname, named.option_name);
        END LOOP;
    END $$";

const TABLES: &str = "SELECT CAST(relname AS TEXT) AS name, pg_table_size(relid) AS heap, pg_indexes_size(relid) AS indexes,
         n_tup_upd AS updates, n_tup_hot_upd AS hot_updates, n_live_tup AS live, n_dead_tup AS dead, autovacuum_count AS vacuums
     FROM pg_stat_user_tables WHERE relname NOT IN ('_sqlx_migrations', 'products', 'dead_letters', 'idempotency_keys')
     ORDER BY pg_total_relation_size(relid) DESC";

#[derive(FromRow)]
struct Table {
    name: String,
    heap: i64,
    indexes: i64,
    updates: i64,
    hot_updates: i64,
    live: i64,
    dead: i64,
    vacuums: i64,
}

/// Fulfils this many orders in each of the two databases, and prints what they take.
pub(crate) async fn run(worker: &Path, orders: i64) -> anyhow::Result<()> {
    let server = Postgres::start(&SETTINGS)?;
    for (said, is_reset) in [("as migrate sets it up", false), ("with the server's own settings", true)] {
        let database = server.database().await?;
        migrate(worker, &database.url())?;
        let mut connection = PgConnection::connect(&database.url()).await?;
        if is_reset {
            sqlx::raw_sql(RESET).execute(&mut connection).await?;
        }
        sqlx::raw_sql(FULFIL).execute(&mut connection).await?;
        let began = std::time::Instant::now();
        fulfil(&database.url(), orders).await?;
        println!("\n{orders} fulfilled orders {said}, in {} s", began.elapsed().as_secs());
        // Statistics of a session are shown when it has ended, or a second later.
        sqlx::raw_sql("SELECT pg_stat_clear_snapshot()").execute(&mut connection).await?;
        let full: Vec<Table> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
        sqlx::raw_sql("VACUUM FULL").execute(&mut connection).await?;
        let compact: Vec<Table> = sqlx::query_as(TABLES).fetch_all(&mut connection).await?;
        print(&full, &compact, orders);
    }
    Ok(())
}

async fn fulfil(url: &str, orders: i64) -> anyhow::Result<()> {
    let sessions = (0..SESSIONS).map(|session| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let mut connection = PgConnection::connect(&url).await?;
            let mut first = session;
            while first < orders + IN_FLIGHT {
                let call = sqlx::query("CALL fulfil($1, $2, $3, $4, $5)").bind(first).bind(first + CHUNK);
                call.bind(orders).bind(SESSIONS).bind(orders / 5).execute(&mut connection).await?;
                first += CHUNK;
            }
            connection.close().await
        })
    });
    for session in sessions.collect::<Vec<_>>() {
        session.await??;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are for people")]
fn print(full: &[Table], compact: &[Table], orders: i64) {
    println!(
        "| Table | MB | Indexes, MB | After VACUUM FULL, MB | Bloat | HOT updates | Live rows | Dead rows | Autovacuums |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mb = |bytes: i64| bytes as f64 / 1e6;
    let mut total = [0; 2];
    for table in full {
        let small = compact.iter().find(|other| other.name == table.name);
        let (all, small) = (table.heap + table.indexes, small.map_or(0, |other| other.heap + other.indexes));
        total = [total[0] + all, total[1] + small];
        let share = |part: i64, of: i64| if of == 0 { 0.0 } else { part as f64 / of as f64 * 100.0 };
        let hot = share(table.hot_updates, table.updates);
        println!(
            "| {} | {:.1} | {:.1} | {:.1} | {:.0} % | {hot:.1} % | {} | {} | {} |",
            table.name,
            mb(table.heap),
            mb(table.indexes),
            mb(small),
            share(all - small, small),
            table.live,
            table.dead,
            table.vacuums,
        );
    }
    println!(
        "{:.0} bytes an order, {:.0} after VACUUM FULL",
        total[0] as f64 / orders as f64,
        total[1] as f64 / orders as f64
    );
}

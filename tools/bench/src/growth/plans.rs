//! What the statements of the functions read, as the server's own `auto_explain` reports it of each call.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde_json::Value;

use super::{added, bounds::ROWS, fill::run, filled::Filled, function::Function, orders::Stored};
use crate::{
    http::Connection,
    server::{self, Peer, Programs},
};

/// Calls of a function: after the fifth the server may change from a plan for the values to one for all values.
const CALLS: u32 = 12;
/// Named apart from those of the rounds.
const ROUND: u32 = 0xffff;

/// A table of fewer rows lies in a few pages, which are read faster without an index.
const WHOLE: f64 = 1000.0;

const ON: [&str; 6] = [
    "ALTER ROLE postgres SET session_preload_libraries = 'auto_explain'",
    "ALTER ROLE postgres SET auto_explain.log_min_duration = 0",
    "ALTER ROLE postgres SET auto_explain.log_analyze = on",
    "ALTER ROLE postgres SET auto_explain.log_buffers = on",
    "ALTER ROLE postgres SET auto_explain.log_timing = off",
    "ALTER ROLE postgres SET auto_explain.log_format = json",
];

/// What the statements of one function read.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reading {
    pub(crate) function: Function,
    pub(crate) statements: usize,
    /// The most rows that one statement read.
    pub(crate) rows: f64,
    /// The most blocks of 8 KiB that one statement looked at.
    pub(crate) blocks: f64,
    /// What the rows are counted for; none for a timer.
    pub(crate) entries: Option<f64>,
    /// Tables that were read from end to end.
    pub(crate) whole: Vec<String>,
    /// The plans of statements that read more rows than those before them, or another table from end to end.
    pub(crate) plans: Vec<Value>,
}

impl Reading {
    /// Whether a function that somebody waits for reads no more than it may. A timer may read a small table from end to
    /// end to delete a good part of it.
    pub(crate) fn holds(&self) -> bool {
        self.entries.is_none_or(|entries| self.whole.is_empty() && self.rows <= ROWS * entries)
    }
}

/// Calls each function on a worker of its own and reads what its statements did. None where the server has no
/// `auto_explain`.
pub(super) async fn read(
    filled: &mut Filled,
    programs: &Programs,
    now: i64,
) -> anyhow::Result<Option<Vec<Reading>>> {
    if run(&mut filled.connection, "LOAD 'auto_explain'").await.is_err() {
        return Ok(None);
    }
    let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut filled.connection).await?;
    let log = Path::new(&data).with_file_name("log");
    for statement in ON {
        run(&mut filled.connection, statement).await?;
    }
    let worker = server::start(Peer::Worker, programs, &filled.url, 1, None);
    let readings = call_all(filled, worker?.address(), &log, now).await;
    run(&mut filled.connection, "ALTER ROLE postgres RESET ALL").await?;
    added::remove(&mut filled.connection).await?;
    readings.map(Some)
}

async fn call_all(
    filled: &mut Filled,
    address: std::net::SocketAddr,
    log: &PathBuf,
    now: i64,
) -> anyhow::Result<Vec<Reading>> {
    let stored = Stored { count: filled.scale.orders };
    let mut readings = Vec::new();
    // The first statement of a process looks at the schema.
    let mut first = Connection::open(address).await?;
    for request in Function::GetOrder.requests(stored, address.port(), ROUND, 0..1) {
        first.exchange(&request).await?;
    }
    for function in Function::ALL {
        let calls = if function.is_timer() { 1 } else { CALLS };
        added::prepare(&mut filled.connection, function, ROUND, 0..calls, now).await?;
        let (from, mut entries) = (fs::metadata(log)?.len(), None);
        let mut connection = Connection::open(address).await?;
        for request in function.requests(stored, address.port(), ROUND, 0..calls) {
            let answer = connection.exchange(&request).await?;
            ensure!(answer.status == function.status(), "{}", String::from_utf8_lossy(answer.body));
            entries = function.entries(&serde_json::from_slice(answer.body).unwrap_or_default());
        }
        let plans = plans(&lines_from(log, from)?);
        ensure!(!plans.is_empty(), "the server reported no plan of {}", function.name());
        readings.push(reading(function, entries, &plans));
    }
    Ok(readings)
}

fn lines_from(log: &Path, from: u64) -> anyhow::Result<String> {
    let mut file = fs::File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The plans in a part of the server's log: each follows a line that ends in `plan:`, and its own lines begin with a tab.
fn plans(log: &str) -> Vec<Value> {
    let mut plans = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.ends_with("plan:") {
            continue;
        }
        let mut text = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
            text.push_str(line);
        }
        plans.extend(serde_json::from_str::<Value>(&text).ok());
    }
    // The worker's look at the health of its database is no call.
    plans.retain(|plan| !plan["Query Text"].as_str().is_some_and(|text| text.contains("probe")));
    plans
}

fn reading(function: Function, entries: Option<f64>, plans: &[Value]) -> Reading {
    let mut reading = Reading {
        function,
        statements: plans.len(),
        rows: 0.0,
        blocks: 0.0,
        entries,
        whole: Vec::new(),
        plans: Vec::new(),
    };
    for plan in plans {
        let (mut rows, known) = (0.0, reading.whole.len());
        look(&plan["Plan"], &mut rows, &mut reading.whole);
        if rows > reading.rows || reading.whole.len() > known {
            reading.plans.push(plan.clone());
        }
        reading.rows = reading.rows.max(rows);
        let blocks = |kind: &str| plan["Plan"][kind].as_f64().unwrap_or(0.0);
        reading.blocks = reading.blocks.max(blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"));
    }
    reading
}

/// Adds up the rows that a node and those below it read from tables, returned or not.
fn look(node: &Value, rows: &mut f64, whole: &mut Vec<String>) {
    let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
    let (kind, loops) = (node["Node Type"].as_str().unwrap_or_default(), number("Actual Loops"));
    let table = node["Relation Name"].as_str().unwrap_or_default();
    if kind.ends_with("Scan") && !table.is_empty() && loops > 0.0 {
        let each = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
        let read = loops * each.into_iter().map(number).sum::<f64>();
        *rows += read;
        let known = whole.iter().any(|known| known == table);
        if kind == "Seq Scan" && read >= WHOLE && !known {
            whole.push(table.to_owned());
        }
    }
    for below in node["Plans"].as_array().into_iter().flatten() {
        look(below, rows, whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-01-01 LOG:  duration: 0.1 ms  plan:\n\t{\n\t  \"Query Text\": \"SELECT 1\",\n\t  \"Plan\": {\n\t    \
        \"Node Type\": \"Nested Loop\", \"Shared Hit Blocks\": 7, \"Shared Read Blocks\": 1, \"Plans\": [\n\t\
        {\"Node Type\": \"Index Scan\", \"Relation Name\": \"orders\", \"Actual Rows\": 2, \"Actual Loops\": 1, \
        \"Rows Removed by Filter\": 3},\n\t{\"Node Type\": \"Index Scan\", \"Relation Name\": \"order_lines\", \
        \"Actual Rows\": 2.00, \"Actual Loops\": 2},\n\t{\"Node Type\": \"Bitmap Index Scan\", \"Actual Rows\": 50, \
        \"Actual Loops\": 1}]}}\n2026-01-01 LOG:  checkpoint\n";

    #[test]
    fn rows_count_whether_they_are_returned_or_filtered() {
        let reading = reading(Function::GetOrder, Some(3.0), &plans(LOG));
        assert_eq!((reading.statements, reading.rows.to_bits()), (1, 9.0_f64.to_bits()));
        assert!(reading.holds() && reading.blocks > 7.5);
        let two = Reading { entries: Some(2.0), ..reading };
        assert!(!two.holds(), "nine rows are more than three for each of two");
    }

    #[test]
    fn a_table_read_from_end_to_end_breaks_the_promise() {
        let whole = |rows: u32, loops: u32| {
            let node = serde_json::json!({"Node Type": "Seq Scan", "Relation Name": "outbox", "Actual Rows": 1,
                "Rows Removed by Filter": rows, "Actual Loops": loops});
            reading(Function::FulfilOrder, Some(400.0), &[serde_json::json!({"Plan": node})])
        };
        assert!(!whole(999, 1).holds());
        assert!(whole(999, 0).holds(), "it never ran");
        assert!(whole(998, 1).holds(), "it lies in a few pages");
        assert!(Reading { entries: None, ..whole(999, 1) }.holds(), "no caller waits for a timer");
    }
}

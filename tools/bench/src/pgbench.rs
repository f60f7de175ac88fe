//! The limit that the server itself sets: the worker's statements, sent by pgbench.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use crate::{
    requests::{Operation, READER, STORED_ORDERS, TENANT, WRITER},
    sample::Sample,
    statement::Statements,
};

/// The program and its scripts.
pub(crate) struct Pgbench {
    program: PathBuf,
    database: String,
    folder: TempDir,
}

/// Makes an id that sorts after all others, as a new order's does; each client counts for itself.
const NEW_ID: &str = "lpad(to_hex(CAST(:turn AS bigint)), 8, '0') || '-0000-7000-8000-' \
                      || lpad(to_hex(CAST(:client_id AS bigint)), 12, '0')";
const STORED_ID: &str = "'01000000-0000-7000-8000-' || lpad(to_hex(CAST(:number AS bigint)), 12, '0')";
/// Null, but not in a way that the planner could see.
const NOTHING: &str = "nullif(CAST(:nothing AS text), '-')";

/// The time that it is given when it could do nothing in the time asked for, in seconds.
const LONGEST: u64 = 10;

/// The values of a script's variables that are the same in every run.
const DEFINED: [(&str, &str); 16] = [
    ("tenant", TENANT),
    ("reader", READER),
    ("writer", WRITER),
    ("before_newest", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ("size", "26"),
    ("reference", "PO-17"),
    ("currency", "EUR"),
    ("note", "ring twice"),
    ("now", "1735689600000000"),
    ("skus", "{ESPRESSO-1KG,CUP-6,FILTER-100}"),
    ("quantities", "{2,1,4}"),
    ("kind", "user"),
    ("invocation", "01000000-0000-4000-8000-000000000000"),
    ("content", "\\x0000000000000000000000000000000000000000000000000000000000000000"),
    ("kept_since", "1735600000000000"),
    ("nothing", "-"),
];

impl Pgbench {
    /// Writes a script for each operation.
    pub(crate) fn prepare(program: PathBuf, database: &str, statements: &Statements) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the scripts")?;
        for operation in Operation::ALL {
            let script = script(operation, statements);
            fs::write(folder.path().join(file(operation)), script).context("cannot write a script")?;
        }
        Ok(Self { program, database: database.to_owned(), folder })
    }

    /// Runs an operation's statement with this many clients for this many whole seconds. `run` distinguishes runs, so
    /// that no id is used twice.
    pub(crate) fn run(
        &self,
        operation: Operation,
        clients: u32,
        seconds: u64,
        run: u32,
    ) -> anyhow::Result<Sample> {
        let folder = self.folder.path();
        let first = 0x0200_0000_u64 + u64::from(run) * 0x0010_0000;
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--log"])
            .arg(format!("--log-prefix={}", folder.join("log").display()))
            .args([format!("--client={clients}"), format!("--time={seconds}")])
            .arg(format!("--jobs={}", clients.min(2)))
            .arg(format!("--define=turn={first}"))
            .args(DEFINED.map(|(name, value)| format!("--define={name}={value}")))
            .arg(format!("--file={}", folder.join(file(operation)).display()))
            .arg(&self.database)
            .output()
            .context("cannot start pgbench")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench failed at {}: {}", operation.name(), said.trim());
        let latencies = Sample::of(take_logs(folder)?, 1.0);
        match (rate(&String::from_utf8_lossy(&output.stdout)), latencies) {
            (Some(rate), Some(latencies)) => Ok(Sample { rate, ..latencies }),
            // Connecting counts as part of its time, and on a busy machine it can be all of it.
            _ if seconds < LONGEST => self.run(operation, clients, LONGEST, run),
            _ => bail!(
                "pgbench connected {clients} clients and then had no time left for {}",
                operation.name()
            ),
        }
    }
}

fn file(operation: Operation) -> &'static str {
    match operation {
        Operation::GetOrder => "get.sql",
        Operation::ListOrders => "list.sql",
        Operation::CreateOrder => "create.sql",
        Operation::CreateOrderWithKey => "create-with-key.sql",
    }
}

fn script(operation: Operation, statements: &Statements) -> String {
    let create = |key, content| {
        [
            NEW_ID,
            ":tenant",
            ":writer",
            ":reference",
            ":currency",
            ":note",
            ":now",
            ":skus",
            ":quantities",
            ":kind",
            ":writer",
            ":invocation",
            key,
            content,
            ":kept_since",
        ]
    };
    let statement = statements.of(operation);
    let (set, filled) = match operation {
        Operation::GetOrder => {
            let number = format!("\\set number random(0, {})\n", STORED_ORDERS - 1);
            (number, statement.filled(&[STORED_ID, ":tenant", ":reader"]))
        }
        Operation::ListOrders => {
            (String::new(), statement.filled(&[":tenant", ":reader", ":before_newest", ":size"]))
        }
        Operation::CreateOrder => (NEXT.to_owned(), statement.filled(&create(NOTHING, NOTHING))),
        Operation::CreateOrderWithKey => (NEXT.to_owned(), statement.filled(&create(NEW_ID, ":content"))),
    };
    format!("{set}{filled};\n")
}

const NEXT: &str = "\\set turn :turn + 1\n";

/// Of `tps = 1234.5 (without initial connection time)`.
fn rate(said: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

/// Every latency that was logged, in microseconds. The logs are deleted.
fn take_logs(folder: &Path) -> anyhow::Result<Vec<u32>> {
    let mut micros = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_log = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log"));
        if is_log {
            let log = fs::read_to_string(&path)?;
            // Client, transaction, latency and more, with blanks between.
            micros.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
            fs::remove_file(&path)?;
        }
    }
    Ok(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_excludes_connection_time() {
        let said = "latency average = 1.1 ms\ntps = 14012.250000 (without initial connection time)\n";
        assert_eq!(rate(said), Some(14012.25));
        assert_eq!(rate("pgbench: error"), None);
    }

    #[test]
    fn latencies_are_read_from_all_logs() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = |name: &str| folder.path().join(name);
        fs::write(log("log.17"), "0 1 512 0 1735689600 1\n1 1 700 0 1735689600 2\n").expect("written");
        fs::write(log("log.17.1"), "2 1 600 0 1735689600 3\n").expect("written");
        fs::write(log("get.sql"), "SELECT 1 900\n").expect("written");
        let mut micros = take_logs(folder.path()).expect("read");
        micros.sort_unstable();
        assert_eq!(micros, [512, 600, 700]);
        assert!(log("get.sql").exists() && !log("log.17").exists());
    }
}

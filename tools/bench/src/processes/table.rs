//! The tables of a run with several processes.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Audit, CLIENTS, Measured, POOL, PROCESSES, Processes, RateLimit, Work};
use crate::sample::median;

impl Processes {
    /// Whether the rate limit and the audit are what the documents say.
    pub(super) fn holds(&self) -> bool {
        self.rate_limits.iter().all(RateLimit::holds) && self.audits.iter().all(Audit::holds)
    }

    pub(super) fn tables(&self) -> String {
        [self.costs(), self.limits(), self.audited()].join("\n")
    }

    /// The median of all rounds.
    fn median(&self, work: Work, processes: u32, of: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        let wanted = |one: &&Measured| (one.work, one.processes) == (work, processes);
        median(&self.measured.iter().filter(wanted).filter_map(of).collect::<Vec<_>>())
    }

    fn costs(&self) -> String {
        let kinds: BTreeSet<&str> =
            self.measured.iter().flat_map(|one| one.waits.keys().map(String::as_str)).collect();
        let mut table = format!(
            "{CLIENTS} clients, {POOL} connections a process; µs of a request, and sessions on average by what they wait for\n{:<30}{:>10}{:>10}{:>12}{:>11}",
            "", "processes", "worker", "PostgreSQL", "lock wait"
        );
        for kind in &kinds {
            let _always = write!(table, "{kind:>11}");
        }
        table.push('\n');
        for work in Work::ALL {
            for processes in PROCESSES {
                let micros = |of: fn(&Measured) -> Option<f64>| {
                    self.median(work, processes, of).map_or("–".to_owned(), |micros| format!("{micros:.0}"))
                };
                let _always = write!(
                    table,
                    "{:<30}{processes:>10}{:>10}{:>12}{:>11}",
                    work.name(),
                    micros(|one| one.worker),
                    micros(|one| one.database),
                    micros(|one| Some(one.lock)),
                );
                for kind in &kinds {
                    let sessions = |one: &Measured| Some(one.waits.get(*kind).copied().unwrap_or(0.0));
                    let sessions = self.median(work, processes, sessions).unwrap_or(0.0);
                    let _always = write!(table, "{sessions:>11.2}");
                }
                table.push('\n');
            }
        }
        table
    }

    fn limits(&self) -> String {
        let mut table =
            format!("{:<30}{:>10}{:>10}{:>12}\n", "requests of one caller", "processes", "served", "at most");
        for limit in &self.rate_limits {
            let _always = writeln!(
                table,
                "{:<30}{:>10}{:>10}{:>12.0}  {}",
                format!("in {:.1} s", limit.seconds),
                limit.processes,
                limit.served,
                limit.allowed(),
                verdict(limit.holds())
            );
        }
        table
    }

    fn audited(&self) -> String {
        let mut table = format!(
            "{:<30}{:>10}{:>10}{:>12}{:>12}\n",
            "orders placed", "processes", "orders", "history", "audit lines"
        );
        for audit in &self.audits {
            let _always = writeln!(
                table,
                "{:<30}{:>10}{:>10}{:>12}{:>12}  {}",
                "",
                audit.processes,
                audit.placed,
                audit.entries,
                audit.lines,
                verdict(audit.holds())
            );
        }
        table
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::machine::Machine;

    #[test]
    fn tables_have_a_row_for_each_number_of_processes() {
        let one = |worker, lock: f64| Measured {
            work: Work::GetOrder,
            processes: 2,
            worker: Some(worker),
            database: None,
            lock,
            waits: BTreeMap::from([("Lock".to_owned(), 0.25)]),
        };
        let audits = vec![Audit { processes: 2, placed: 9, entries: 9, lines: 8 }];
        let (machine, busy, rate_limits) = (Machine::default(), None, Vec::new());
        let measured = vec![one(90.0, 1.0), one(110.0, 3.0), one(100.0, 2.0)];
        let all = Processes { machine, busy, measured, rate_limits, audits };
        let tables = all.tables();
        let row = tables.lines().find(|line| line.starts_with("GetOrder") && line.contains(" 2 "));
        let cells: Vec<&str> = row.expect("a row").split_whitespace().collect();
        assert_eq!(cells, ["GetOrder", "2", "100", "–", "2", "0.25"]);
        assert!(tables.contains("NOT MET") && !all.holds(), "one audit line is missing");
    }
}

//! Everything that was measured in one run of the bench, as it is kept and as it is shown.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use crate::{
    host_overhead::{DirectAndHost, HostOverhead},
    machine::Machine,
    queue::QueueThroughput,
    requests::Operation,
    rounds::{CLIENTS, Runs},
    sample::{Sample, median},
    server::Peer,
};

/// All figures of one run, on one machine.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The servers, PostgreSQL and the load generator share its processors.
    pub(crate) machine: Machine,
    /// How many programs wanted a processor before anything began, where the system reports it.
    pub(crate) busy: Option<f64>,
    pub(crate) quick: bool,
    /// Requests a second that the load generator reaches on an empty answer.
    pub(crate) generator: f64,
    /// Milliseconds from exec to first answer, by who is measured.
    pub(crate) starts: BTreeMap<String, f64>,
    pub(crate) http: Runs,
    /// Orders fulfilled, once a round.
    pub(crate) queue: Vec<QueueThroughput>,
    pub(crate) host_overhead: HostOverhead,
    /// Bytes.
    pub(crate) binary: u64,
    /// Bytes; none where nothing was packaged.
    pub(crate) zip: Option<u64>,
}

const PEERS: [Peer; 5] = Peer::ALL;

impl Report {
    /// The tables, for a terminal and for a README.
    pub(crate) fn tables(&self) -> String {
        [self.rates(), self.latencies(), self.memory(), self.rest()].join("\n")
    }

    /// Requests a second, and of how many times a peer's that is.
    fn rates(&self) -> String {
        let mut table = heading("requests a second");
        for (operation, clients) in rows() {
            let ours = self.http.median(operation, clients, Peer::Worker);
            let cells = PEERS.map(|peer| {
                let Some(sample) = self.http.median(operation, clients, peer) else {
                    return "–".to_owned();
                };
                let ratio = ours.filter(|_| peer != Peer::Worker).map(|ours| ours.rate / sample.rate);
                format!(
                    "{:.0}{}",
                    sample.rate,
                    ratio.map(|ratio| format!(" ({ratio:.2}×)")).unwrap_or_default()
                )
            });
            row(&mut table, operation, clients, &cells);
        }
        table
    }

    fn latencies(&self) -> String {
        let mut table = heading("p50 / p99 in milliseconds");
        for (operation, clients) in rows() {
            let cells = PEERS.map(|peer| match self.http.median(operation, clients, peer) {
                Some(Sample { p50, p99, .. }) => format!("{p50:.2} / {p99:.2}"),
                None => "–".to_owned(),
            });
            row(&mut table, operation, clients, &cells);
        }
        table
    }

    fn memory(&self) -> String {
        let mut table = heading("resident memory in MiB");
        let mib = |figure: Option<f64>| figure.map_or("–".to_owned(), |mib| format!("{mib:.1}"));
        let line = |table: &mut String, name: &str, cells: [String; 5]| {
            let _always = writeln!(table, "{name:<30}{}", cells.map(|cell| format!("{cell:>18}")).concat());
        };
        line(&mut table, "just started", PEERS.map(|peer| mib(self.http.memory(1, peer).0)));
        line(&mut table, "peak at 64 clients", PEERS.map(|peer| mib(self.http.memory(64, peer).1)));
        let starts = PEERS.map(|peer| {
            self.starts.get(&peer.to_string()).map_or("–".to_owned(), |time| format!("{time:.1} ms"))
        });
        line(&mut table, "exec to first answer", starts);
        table
    }

    fn rest(&self) -> String {
        let mut lines = String::new();
        let mut line = |name: &str, value: String| {
            let _always = writeln!(lines, "{name:<30}{value}");
        };
        line(
            "ProcessOrder to fulfilled",
            self.queue_rate().map_or("–".to_owned(), |rate| format!("{rate:.0} a second")),
        );
        line("binary", megabytes(self.binary));
        match self.zip {
            Some(zip) => line("zip", megabytes(zip)),
            None => line("zip", "LEFT OUT: nothing is packaged in target/package".to_owned()),
        }
        let DirectAndHost { direct, through } = self.host_overhead.alone;
        let added = through.p50 - direct.p50;
        line(
            "emulator, GetOrder, p50",
            format!("{added:.2} ms more ({:.2} instead of {:.2})", through.p50, direct.p50),
        );
        let fastest = self.http.runs.iter().filter(|run| run.peer != Peer::Pgbench);
        let fastest = fastest.map(|run| run.sample.rate).fold(0.0, f64::max);
        let times = self.generator / fastest;
        line(
            "load generator alone",
            format!("{:.0} empty answers a second, {times:.1}× the fastest above", self.generator),
        );
        let busy = self.busy.map_or("–".to_owned(), |busy| format!("{busy:.1}"));
        line("machine", format!("{}, with a load of {busy} before anything began", self.machine.line()));
        lines
    }

    /// The median of the orders fulfilled a second, over all rounds.
    pub(crate) fn queue_rate(&self) -> Option<f64> {
        median(&self.queue.iter().map(|passed| passed.rate).collect::<Vec<_>>())
    }

    /// The median of all rounds of one of a message's costs.
    pub(crate) fn queue_cost(&self, of: fn(&QueueThroughput) -> Option<f64>) -> Option<f64> {
        median(&self.queue.iter().filter_map(of).collect::<Vec<_>>())
    }
}

fn rows() -> impl Iterator<Item = (Operation, u32)> {
    Operation::ALL.into_iter().flat_map(|operation| CLIENTS.map(|clients| (operation, clients)))
}

fn heading(what: &str) -> String {
    let peers = PEERS.map(|peer| format!("{peer:>18}")).concat();
    format!("{what:<30}{peers}\n")
}

fn row(table: &mut String, operation: Operation, clients: u32, cells: &[String; 5]) {
    let cells = cells.each_ref().map(|cell| format!("{cell:>18}")).concat();
    let _always = writeln!(table, "{:<30}{cells}", label(operation, clients));
}

fn label(operation: Operation, clients: u32) -> String {
    format!("{}, {clients} {}", operation.name(), if clients == 1 { "client" } else { "clients" })
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use crate::rounds::{Cost, Memory, Run};

    use super::*;

    fn host_overhead() -> HostOverhead {
        let sample = |p50| Sample { rate: 1.0, p50, p99: p50 };
        let compare_paths = DirectAndHost { direct: sample(0.5), through: sample(0.75) };
        HostOverhead { alone: compare_paths, together: compare_paths, paced: compare_paths, idle: Some(0.5) }
    }

    fn report() -> Report {
        let run = |peer, rate| Run {
            round: 0,
            operation: Operation::GetOrder,
            clients: 16,
            peer,
            sample: Sample { rate, p50: 1.25, p99: 2.5 },
            cost: Cost::default(),
        };
        let passed = |rate| QueueThroughput { rate, worker: Some(rate), database: None, host: None };
        Report {
            machine: Machine::default(),
            busy: Some(0.25),
            quick: true,
            generator: 50_000.0,
            starts: BTreeMap::from([("worker".to_owned(), 9.5)]),
            http: Runs {
                runs: vec![run(Peer::Worker, 300.0), run(Peer::Fastify, 120.0)],
                memory: vec![Memory { peer: Peer::Worker, clients: 64, idle: None, peak: Some(21.0) }],
            },
            queue: [900.0, 1100.0, 1000.0].map(passed).into(),
            host_overhead: host_overhead(),
            binary: 7_194_840,
            zip: None,
        }
    }

    fn line<'t>(tables: &'t str, begins: &str) -> &'t str {
        tables.lines().find(|line| line.starts_with(begins)).expect("the line is there")
    }

    #[test]
    fn tables_show_the_ratio_to_each_peer() {
        let rates = report().rates();
        let words: Vec<&str> = line(&rates, "GetOrder, 16 clients ").split_whitespace().collect();
        assert_eq!(words, ["GetOrder,", "16", "clients", "300", "–", "–", "–", "120", "(2.50×)"]);
    }

    #[test]
    fn tables_have_a_row_per_operation_and_client_count() {
        let tables = report().tables();
        for (operation, clients) in rows() {
            let begins = format!("{} ", label(operation, clients));
            assert_eq!(tables.lines().filter(|line| line.starts_with(&begins)).count(), 2, "{begins}");
        }
    }

    #[test]
    fn missing_measurements_are_marked() {
        let tables = report().tables();
        assert!(line(&tables, "zip").contains("LEFT OUT"));
        assert!(line(&tables, "just started").contains('–'));
        assert!(line(&tables, "peak at 64 clients").contains("21.0"));
    }

    #[test]
    fn measurements_have_units() {
        let tables = report().tables();
        assert!(line(&tables, "ProcessOrder to fulfilled").ends_with("1000 a second"));
        assert!(line(&tables, "binary").ends_with("7.1 MB"));
        assert_eq!(report().queue_cost(|passed| passed.worker), Some(1000.0));
        assert!(line(&tables, "load generator").contains("166.7×"));
        assert!(line(&tables, "emulator").contains("0.25 ms more (0.75 instead of 0.50)"));
    }
}

//! The runs, in a sequence that lets a change on the machine affect all candidates alike.

use std::time::{Duration, Instant};

use serde::Serialize;
use terminal::Progress;
use test_servers::Handler;

use crate::{
    database::Database,
    load::Load,
    pgbench::Pgbench,
    process,
    requests::Operation,
    sample::Sample,
    server::{self, Peer, Programs},
    statement::Statements,
};

/// Clients at a time; each who is measured has as many connections to the database.
pub(crate) const CLIENTS: [u32; 3] = [1, 16, 64];

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Times that everything is measured; the median counts.
    pub(crate) rounds: u32,
    pub(crate) warm_up: Duration,
    /// Of one run.
    pub(crate) time: Duration,
}

/// One run of one operation.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) round: u32,
    pub(crate) operation: Operation,
    pub(crate) clients: u32,
    pub(crate) peer: Peer,
    pub(crate) sample: Sample,
    /// Processor time of a request in microseconds, where the system reports it.
    pub(crate) cost: Cost,
}

/// Where the processors' time goes, in microseconds a request.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Cost {
    /// Of who is measured.
    pub(crate) server: Option<f64>,
    /// Of PostgreSQL.
    pub(crate) database: Option<f64>,
}

/// Resident memory of a server that was just started, and its peak at the most clients, in MiB.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) peer: Peer,
    pub(crate) clients: u32,
    pub(crate) idle: Option<f64>,
    pub(crate) peak: Option<f64>,
}

/// All runs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<Run>,
    pub(crate) memory: Vec<Memory>,
}

/// All that takes part.
pub(crate) struct Participants<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) database: &'a Database,
    pub(crate) statements: &'a Statements,
    pub(crate) pgbench: Option<Pgbench>,
}

impl Participants<'_> {
    /// The programs that can do an operation. The bare program only reads.
    fn peers(&self, operation: Operation) -> Vec<Peer> {
        let reads = operation.status() == 200;
        let takes_part = |peer: &Peer| match peer {
            Peer::Worker => true,
            Peer::Pgbench => self.pgbench.is_some(),
            Peer::BareAxum | Peer::SamePool => reads,
            Peer::Fastify => self.programs.fastify.is_some(),
        };
        Peer::ALL.into_iter().filter(takes_part).collect()
    }

    /// Measures everything, this many rounds, and prints its progress.
    pub(crate) async fn run(&self, size: Size) -> anyhow::Result<Runs> {
        let mut runs = Runs::default();
        let progress = Progress::start("runs", self.count(size));
        for round in 0..size.rounds {
            for clients in CLIENTS {
                self.level(size, (round, clients), &mut runs, &progress).await?;
            }
        }
        Ok(runs)
    }

    /// How many runs there are.
    fn count(&self, size: Size) -> u64 {
        let peers: usize = Operation::ALL.iter().map(|operation| self.peers(*operation).len()).sum();
        u64::from(size.rounds) * (CLIENTS.len() * peers) as u64
    }

    /// All operations at one number of clients. Every server is new, and all of them are up: who has nothing to do
    /// takes nothing.
    async fn level(
        &self,
        size: Size,
        (round, clients): (u32, u32),
        runs: &mut Runs,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let mut servers = Vec::new();
        for peer in self.peers(Operation::GetOrder).into_iter().filter(|peer| *peer != Peer::Pgbench) {
            let url = self.database.url();
            let server = server::start(peer, self.programs, &url, clients, Some(self.statements))?;
            servers.push((peer, server));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle: Vec<_> = servers.iter().map(|(_, server)| server.memory()).collect();
        for operation in Operation::ALL {
            for peer in turns(&self.peers(operation), round) {
                let server = servers.iter().find(|(of, _)| *of == peer).map(|(_, server)| server);
                let number = u32::try_from(runs.runs.len()).unwrap_or(u32::MAX) + 1;
                let (sample, cost) = self.measure(operation, clients, server, size, number).await?;
                let Sample { rate, p50, p99 } = sample;
                progress.println(&format!(
                    "  round {} of {}, {clients:>2} clients, {:<17} {peer:<15} {rate:>7.0}/s  p50 {p50:.2} ms  p99 {p99:.2} ms",
                    round + 1,
                    size.rounds,
                    operation.name(),
                ));
                progress.set(u64::from(number), "");
                runs.runs.push(Run { round, operation, clients, peer, sample, cost });
            }
        }
        for ((peer, server), idle) in servers.into_iter().zip(idle) {
            runs.memory.push(Memory { peer, clients, idle, peak: server.peak_memory() });
        }
        Ok(())
    }

    /// One run: of a server, or of pgbench where there is none.
    async fn measure(
        &self,
        operation: Operation,
        clients: u32,
        server: Option<&Handler>,
        size: Size,
        number: u32,
    ) -> anyhow::Result<(Sample, Cost)> {
        let own = || server.and_then(|server| process::processor_time(server.pid()));
        let (own_before, database_before) = (own(), self.database.processor_time());
        let began = Instant::now();
        let sample = match (server, &self.pgbench) {
            (Some(server), _) => {
                let load = Load { clients, warm_up: size.warm_up, time: size.time, every: None };
                let requests = |client| operation.requests(number, client);
                load.on(server.address(), operation.status(), requests).await?
            }
            (None, Some(pgbench)) => {
                // It has no time to warm up apart, so it gets all of it.
                let seconds = (size.warm_up + size.time).as_secs().max(1);
                tokio::task::block_in_place(|| pgbench.run(operation, clients, seconds, number))?
            }
            (None, None) => anyhow::bail!("there is no server to measure"),
        };
        let requests = sample.rate * began.elapsed().as_secs_f64();
        let each = |before: Option<Duration>, after: Option<Duration>| {
            Some(after?.saturating_sub(before?).as_secs_f64() * 1e6 / requests)
        };
        let cost = Cost {
            server: each(own_before, own()),
            database: each(database_before, self.database.processor_time()),
        };
        Ok((sample, cost))
    }
}

/// The sequence of a round: another peer first each time, so that none always comes after the same other.
fn turns(peers: &[Peer], round: u32) -> Vec<Peer> {
    let mut turns = peers.to_vec();
    if !turns.is_empty() {
        turns.rotate_left(round as usize % peers.len());
    }
    turns
}

impl Runs {
    /// The median of all rounds.
    pub(crate) fn median(&self, operation: Operation, clients: u32, peer: Peer) -> Option<Sample> {
        let wanted = |run: &&Run| (run.operation, run.clients, run.peer) == (operation, clients, peer);
        Sample::median(&self.runs.iter().filter(wanted).map(|run| run.sample).collect::<Vec<_>>())
    }

    /// The median cost of all rounds.
    pub(crate) fn cost(&self, operation: Operation, clients: u32, peer: Peer) -> Cost {
        let wanted = |run: &&Run| (run.operation, run.clients, run.peer) == (operation, clients, peer);
        let of = |figure: fn(&Cost) -> Option<f64>| {
            let costs: Vec<f64> =
                self.runs.iter().filter(wanted).filter_map(|run| figure(&run.cost)).collect();
            crate::sample::median(&costs)
        };
        Cost { server: of(|cost| cost.server), database: of(|cost| cost.database) }
    }

    /// The median memory of all rounds with this many clients: just started, and at the most.
    pub(crate) fn memory(&self, clients: u32, peer: Peer) -> (Option<f64>, Option<f64>) {
        let of = |figure: fn(&Memory) -> Option<f64>| {
            let wanted = |memory: &&Memory| (memory.clients, memory.peer) == (clients, peer);
            let all: Vec<f64> = self.memory.iter().filter(wanted).filter_map(figure).collect();
            crate::sample::median(&all)
        };
        (of(|memory| memory.idle), of(|memory| memory.peak))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_rotate_between_rounds() {
        let peers = [Peer::Worker, Peer::Pgbench, Peer::Fastify];
        let firsts: Vec<Peer> = (0..4).map(|round| turns(&peers, round)[0]).collect();
        assert_eq!(firsts, [Peer::Worker, Peer::Pgbench, Peer::Fastify, Peer::Worker]);
        assert_eq!(turns(&peers, 1), [Peer::Pgbench, Peer::Fastify, Peer::Worker]);
        assert!(turns(&[], 1).is_empty());
    }

    #[test]
    fn medians_do_not_mix_peers() {
        let run = |round, peer, rate| Run {
            round,
            operation: Operation::GetOrder,
            clients: 16,
            peer,
            sample: Sample { rate, p50: 1.0, p99: 2.0 },
            cost: Cost { server: Some(rate), database: None },
        };
        let of_worker = [100.0, 300.0, 200.0].map(|rate| run(0, Peer::Worker, rate));
        let runs = Runs {
            runs: of_worker.into_iter().chain([run(0, Peer::Fastify, 1.0)]).collect(),
            memory: Vec::new(),
        };
        let median = runs.median(Operation::GetOrder, 16, Peer::Worker).expect("it ran");
        assert!((median.rate - 200.0).abs() < f64::EPSILON);
        assert_eq!(runs.median(Operation::GetOrder, 1, Peer::Worker), None);
        assert_eq!(runs.cost(Operation::GetOrder, 16, Peer::Worker).server, Some(200.0));
    }
}

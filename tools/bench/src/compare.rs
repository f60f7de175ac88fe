//! Another worker beside this one, such as that of the version before: rate, latency and processor time of a read and a
//! write, in turn, on one database.

use std::{fmt::Write as _, path::Path};

use anyhow::Context as _;

use crate::{
    alternating::{self, CLIENTS, ROUNDS},
    database::Database,
    load::Load,
    process::processor_time,
    requests::Operation,
    rounds::Size,
    sample::{Sample, median},
    server::{self, Peer, Programs},
};

const OPERATIONS: [Operation; 2] = [Operation::GetOrder, Operation::CreateOrder];
const NAMES: [&str; 2] = ["the other", "this one"];

/// What one worker needed for one operation, in one round or as the median.
#[derive(Clone, Copy)]
struct Cost {
    sample: Sample,
    /// Processor time a request, in milliseconds.
    processor: f64,
}

/// Measures both in turn and prints the medians with the ratio of each.
pub(crate) async fn run(
    programs: &Programs,
    other: &Path,
    database: &Database,
    size: Size,
) -> anyhow::Result<()> {
    let start = |worker: &Path| {
        let programs = Programs { worker: worker.to_owned(), ..programs.clone() };
        server::start(Peer::Worker, &programs, &database.url(), CLIENTS, None)
    };
    let workers = [start(other)?, start(&programs.worker)?];
    let load = Load { clients: CLIENTS, warm_up: size.warm_up, time: size.time, every: None };
    for operation in OPERATIONS {
        let costs = alternating::measure(async |round, which| {
            let worker = &workers[which];
            let time = || processor_time(worker.pid()).context("the system tells no processor time");
            let run = round * 2 + u32::try_from(which)?;
            let before = time()?;
            let requests = |client| operation.requests(run, client);
            let sample = load.on(worker.address(), operation.status(), requests).await?;
            let taken = time()?.saturating_sub(before).as_secs_f64() * 1000.0;
            // The warm-up is not counted among the requests, but takes time at the same rate.
            let requests = sample.rate * (size.warm_up + size.time).as_secs_f64();
            Ok(Cost { sample, processor: taken / requests })
        });
        let costs = costs.await?;
        println!("{}", summary(operation, costs.map(|costs| Cost::median(&costs)))?);
    }
    Ok(())
}

impl Cost {
    fn median(costs: &[Self]) -> Option<Self> {
        let samples: Vec<_> = costs.iter().map(|cost| cost.sample).collect();
        let processor: Vec<_> = costs.iter().map(|cost| cost.processor).collect();
        Some(Self { sample: Sample::median(&samples)?, processor: median(&processor)? })
    }
}

fn summary(operation: Operation, costs: [Option<Cost>; 2]) -> anyhow::Result<String> {
    let mut text = format!("{}, {CLIENTS} clients, median of {ROUNDS}", operation.name());
    let [Some(other), Some(this)] = costs else { anyhow::bail!("nothing was measured") };
    for (name, Cost { sample: Sample { rate, p50, p99 }, processor }) in NAMES.into_iter().zip([other, this])
    {
        write!(
            text,
            "\n{name:<12}{rate:>8.0}/s  p50 {p50:.2} ms  p99 {p99:.2} ms  processor {processor:.3} ms"
        )?;
    }
    write!(
        text,
        "\n{:<12}{:>8.2}×   p50 {:.2}×     p99 {:.2}×     processor {:.2}×\n",
        "ratio",
        this.sample.rate / other.sample.rate,
        this.sample.p50 / other.sample.p50,
        this.sample.p99 / other.sample.p99,
        this.processor / other.processor,
    )?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_compares_the_worker_to_its_peer() {
        let cost = |rate, processor| Some(Cost { sample: Sample { rate, p50: 1.0, p99: 4.0 }, processor });
        let text =
            summary(Operation::GetOrder, [cost(1000.0, 0.4), cost(1500.0, 0.3)]).expect("both are there");
        assert!(text.contains("1.50×") && text.contains("processor 0.75×"), "{text}");
        assert!(summary(Operation::GetOrder, [None, None]).is_err());
    }
}

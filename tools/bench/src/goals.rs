//! The goals, each with what was measured: met or not, and where the time goes when not.

use std::fmt::Write as _;

use crate::{report::Report, requests::Operation, rounds::Cost, sample::Sample, server::Peer};

/// A bound that a figure has to keep to.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// A measure, its bound, and the figure; none when what it needs was left out.
#[derive(Debug)]
pub(crate) struct Goal {
    measure: &'static str,
    bound: Bound,
    measured: Option<f64>,
    /// The operation whose cost explains the figure, if it has one.
    operation: Option<Operation>,
}

const MESSAGES: &str = "messages a second";

/// Clients that the goals speak of.
const AT: u32 = 16;

/// The goals in the sequence in which they were set.
pub(crate) fn of(report: &Report) -> Vec<Goal> {
    use Bound::{AtLeast, AtMost};
    let sample = |operation, peer| report.http.median(operation, AT, peer);
    let compared = |operation, peer, figure: fn(&Sample) -> f64| {
        Some(figure(&sample(operation, Peer::Worker)?) / figure(&sample(operation, peer)?))
    };
    let rate = |operation, peer| compared(operation, peer, |sample| sample.rate);
    let start = |peer: Peer| report.starts.get(&peer.to_string()).copied();
    let starts = |one, other| Some(start(one)? / start(other)?);
    let (create, get) = (Operation::CreateOrder, Operation::GetOrder);
    let goal = |measure, bound, measured, operation| Goal { measure, bound, measured, operation };
    vec![
        goal("CreateOrder, of pgbench", AtLeast(0.8), rate(create, Peer::Pgbench), Some(create)),
        goal("CreateOrder, of Fastify", AtLeast(1.5), rate(create, Peer::Fastify), Some(create)),
        goal("GetOrder, of axum, same pool", AtLeast(0.85), rate(get, Peer::SamePool), Some(get)),
        goal("GetOrder, of Fastify", AtLeast(2.0), rate(get, Peer::Fastify), Some(get)),
        goal(
            "GetOrder, p99 of Fastify's",
            AtMost(0.5),
            compared(get, Peer::Fastify, |sample| sample.p99),
            Some(get),
        ),
        goal("first answer, of bare axum's", AtMost(2.0), starts(Peer::Worker, Peer::BareAxum), None),
        goal("first answer, Node's of ours", AtLeast(10.0), starts(Peer::Fastify, Peer::Worker), None),
        goal(MESSAGES, AtLeast(1000.0), report.queue_rate(), None),
        goal("idle memory, MiB", AtMost(15.0), report.http.memory(1, Peer::Worker).0, None),
        goal("memory at 64 clients, MiB", AtMost(40.0), report.http.memory(64, Peer::Worker).1, None),
    ]
}

/// A line a goal; below one that is not met, where the time goes.
pub(crate) fn summary(goals: &[Goal], report: &Report) -> String {
    let mut summary = String::new();
    for goal in goals {
        let _always = writeln!(summary, "{}", goal.line());
        if let (Some(false), Some(operation)) = (goal.met(), goal.operation) {
            let _always = write!(summary, "{}", where_time_goes(operation, report));
        }
        if goal.met() == Some(false) && goal.measure == MESSAGES {
            let cost = |of| micros(report.queue_cost(of));
            let _always = writeln!(
                summary,
                "         a message takes {} of the worker's processor time, {} of PostgreSQL's, {} of the host's",
                cost(|passed| passed.worker),
                cost(|passed| passed.database),
                cost(|passed| passed.host),
            );
        }
    }
    summary
}

impl Goal {
    fn met(&self) -> Option<bool> {
        Some(match self.bound {
            Bound::AtLeast(bound) => self.measured? >= bound,
            Bound::AtMost(bound) => self.measured? <= bound,
        })
    }

    fn line(&self) -> String {
        let bound = match self.bound {
            Bound::AtLeast(bound) => format!("≥ {bound}"),
            Bound::AtMost(bound) => format!("≤ {bound}"),
        };
        let verdict = match self.met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "LEFT OUT",
        };
        let measured = self.measured.map_or("–".to_owned(), |figure| format!("{figure:.2}"));
        format!("{verdict:<9}{:<30}{measured:>9}  ({bound})", self.measure)
    }
}

/// Processor time a request: what is not here is waiting for the disk, or for a processor.
fn where_time_goes(operation: Operation, report: &Report) -> String {
    let mut summary = String::new();
    for peer in Peer::ALL {
        let Cost { server, database } = report.http.cost(operation, AT, peer);
        if database.is_some() {
            let _always = writeln!(
                summary,
                "         {peer:<15} takes {} of processor time a request, PostgreSQL {} for it",
                micros(server),
                micros(database),
            );
        }
    }
    summary
}

fn micros(cost: Option<f64>) -> String {
    cost.map_or("–".to_owned(), |micros| format!("{micros:.0} µs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(bound: Bound, measured: Option<f64>) -> Goal {
        Goal { measure: "GetOrder, of Fastify", bound, measured, operation: None }
    }

    #[test]
    fn a_goal_is_met_at_its_threshold() {
        let verdict = |bound, measured| goal(bound, measured).met();
        assert_eq!(verdict(Bound::AtLeast(2.0), Some(2.0)), Some(true));
        assert_eq!(verdict(Bound::AtLeast(2.0), Some(1.99)), Some(false));
        assert_eq!(verdict(Bound::AtMost(0.5), Some(0.5)), Some(true));
        assert_eq!(verdict(Bound::AtMost(0.5), Some(0.51)), Some(false));
    }

    #[test]
    fn a_goal_without_its_peer_is_undecided() {
        assert_eq!(goal(Bound::AtLeast(2.0), None).met(), None);
        assert!(goal(Bound::AtLeast(2.0), None).line().starts_with("LEFT OUT"));
    }

    #[test]
    fn a_missed_goal_is_marked() {
        let line = goal(Bound::AtLeast(2.0), Some(1.5)).line();
        assert_eq!(line, "NOT MET  GetOrder, of Fastify               1.50  (≥ 2)");
    }
}

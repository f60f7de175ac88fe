//! The worker beside its peers.

use serde::Deserialize;

use super::{
    bars::{Bar, Chart, Group, thousands},
    run::Run,
};
use crate::machine::Machine;

/// The part of a run's raw data that is drawn.
#[derive(Deserialize)]
pub(super) struct Figures {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    runs: Vec<Run>,
}

/// Clients that the charts are about: as many as the goals.
const CLIENTS: u32 = 16;
const OPERATIONS: [(&str, &str); 4] = [
    ("GetOrder", "GetOrder"),
    ("ListOrders", "ListOrders"),
    ("CreateOrder", "CreateOrder"),
    ("CreateOrderWithKey", "CreateOrder with key"),
];
/// As the raw data and as the legend call them.
const PEERS: [(&str, &str); 5] = [
    ("Worker", "worker"),
    ("Pgbench", "pgbench"),
    ("BareAxum", "bare axum and sqlx"),
    ("SamePool", "the same with the worker's pool"),
    ("Fastify", "Fastify and pg"),
];

/// Requests a second.
pub(super) fn rates(figures: &Figures, machine: &Machine) -> Chart {
    chart(figures, machine, "Requests a second, 16 clients: more is better", |sample| Bar {
        series: 0,
        value: sample.rate,
        inner: None,
        text: thousands(sample.rate),
    })
}

/// Milliseconds.
pub(super) fn latencies(figures: &Figures, machine: &Machine) -> Chart {
    let title = "p50 (dark) and p99 in milliseconds, 16 clients: less is better";
    chart(figures, machine, title, |sample| Bar {
        series: 0,
        value: sample.p99,
        inner: Some(sample.p50),
        text: format!("{:.2} / {:.2}", sample.p50, sample.p99),
    })
}

fn chart(
    figures: &Figures,
    machine: &Machine,
    title: &str,
    bar: impl Fn(crate::sample::Sample) -> Bar,
) -> Chart {
    let group = |(operation, name): (&str, &str)| {
        let of = |(series, (peer, _)): (usize, &(&str, &str))| {
            let wanted = |run: &Run| {
                (run.function.as_str(), run.clients, run.peer.as_str()) == (operation, CLIENTS, peer)
            };
            Some(Bar { series, ..bar(Run::median(&figures.http.runs, wanted)?) })
        };
        Group { name: name.to_owned(), bars: PEERS.iter().enumerate().filter_map(of).collect() }
    };
    Chart {
        title: title.to_owned(),
        caption: machine.line(),
        series: PEERS.map(|(_, name)| name.to_owned()).to_vec(),
        groups: OPERATIONS.into_iter().map(group).filter(|group| !group.bars.is_empty()).collect(),
        limit: None,
    }
}

//! How latencies grow with the stored orders.

use serde::Deserialize;

use super::{
    bars::{Bar, Chart, Group, thousands},
    run::Run,
};
use crate::{
    growth::{BAR, Function},
    machine::Machine,
};

/// The part of a run's raw data that is drawn.
#[derive(Deserialize)]
pub(super) struct Figures {
    measured: Vec<Run>,
}

/// The p99 of each function at each scale, of that at the smallest.
pub(super) fn chart(figures: &Figures, machine: &Machine) -> Chart {
    let mut scales: Vec<u32> = figures.measured.iter().map(|run| run.orders).collect();
    scales.sort_unstable();
    scales.dedup();
    let (smallest, larger) = scales.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
    let p99 = |function: &str, orders: u32| {
        let wanted = |run: &Run| (run.function.as_str(), run.orders) == (function, orders);
        Some(Run::median(&figures.measured, wanted)?.p99)
    };
    let group = |function: Function| {
        let raw = format!("{function:?}");
        let of = |(series, &orders): (usize, &u32)| {
            let (before, after) = (p99(&raw, smallest)?, p99(&raw, orders)?);
            let text = format!("{:.2} ({before:.2} → {after:.2} ms)", after / before);
            Some(Bar { series, value: after / before, inner: None, text })
        };
        Group { name: function.name().to_owned(), bars: larger.iter().enumerate().filter_map(of).collect() }
    };
    let name = |orders: &u32| format!("{} orders", thousands(f64::from(*orders)));
    Chart {
        title: format!("p99, of the p99 at {}: the line is the bar", name(&smallest)),
        caption: machine.line(),
        series: larger.iter().map(name).collect(),
        groups: Function::ALL.into_iter().map(group).filter(|group| !group.bars.is_empty()).collect(),
        limit: Some(BAR),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_larger_scale_is_compared_with_the_smallest() {
        let run = |orders: u32, p99: f64| {
            json!({"function": "GetOrder", "orders": orders, "round": 0,
                "sample": {"rate": 1.0, "p50": 0.1, "p99": p99}})
        };
        let raw = json!({"measured": [run(10_000, 2.0), run(1_000_000, 2.5), run(10_000_000, 3.0)]});
        let figures: Figures = serde_json::from_value(raw).expect("raw data");
        let chart = chart(&figures, &Machine::default());
        assert_eq!(chart.series, ["1,000,000 orders", "10,000,000 orders"]);
        let texts: Vec<&str> = chart.groups[0].bars.iter().map(|bar| bar.text.as_str()).collect();
        assert_eq!(texts, ["1.25 (2.00 → 2.50 ms)", "1.50 (2.00 → 3.00 ms)"]);
        assert_eq!(chart.groups.len(), 1, "what was not measured is not drawn");
    }
}

//! The table of a run, and whether its bars hold.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    bounds::{BAR, CLIENTS, ROWS},
    function::Function,
    measured::{Measured, median, ratio},
    plans::Reading,
    scale::Scale,
};
use crate::machine::Machine;

/// All that a run measured.
#[derive(Debug, Serialize)]
pub(super) struct Growth {
    pub(super) machine: Machine,
    /// How many programs wanted a processor before anything began, where the system reports it.
    pub(super) busy: Option<f64>,
    pub(super) quick: bool,
    pub(super) scales: Vec<Scale>,
    pub(super) measured: Vec<Measured>,
    /// At the largest scale; none where the server does not explain its statements.
    pub(super) readings: Option<Vec<Reading>>,
}

impl Growth {
    /// Whether no p99 grew beyond the bar, and no statement reads more than it may.
    pub(super) fn holds(&self) -> bool {
        let grew = |function| ratio(&self.measured, function).is_none_or(|ratio| ratio > BAR);
        !Function::ALL.into_iter().any(grew) && self.readings.iter().flatten().all(Reading::holds)
    }

    /// Latencies at each scale.
    pub(super) fn latencies(&self) -> String {
        let rounds = self.measured.iter().map(|one| one.round + 1).max().unwrap_or(0);
        let mut table = format!(
            "p50 / p99 in milliseconds by stored orders, {CLIENTS} clients, timers alone, medians of up to {rounds} rounds\n{:<32}",
            ""
        );
        for scale in &self.scales {
            let _always = write!(table, "{:>16}", scale.name);
        }
        let _always = writeln!(table, "{:>12}", "p99 ratio");
        for function in Function::ALL {
            let _always = write!(table, "{:<32}", function.name());
            for scale in &self.scales {
                let sample = median(&self.measured, function, scale.orders);
                let cell = sample.map_or("–".to_owned(), |s| format!("{:.2} / {:.2}", s.p50, s.p99));
                let _always = write!(table, "{cell:>16}");
            }
            let ratio = ratio(&self.measured, function);
            let cell = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
            let _always = writeln!(table, "{cell:>12}  {}", verdict(ratio.is_some_and(|ratio| ratio <= BAR)));
        }
        let _always = writeln!(table, "the bar: at most {BAR}");
        table
    }
}

/// What the statements read at the largest scale.
pub(super) fn reads(readings: Option<&[Reading]>, largest: &str) -> String {
    let Some(readings) = readings else {
        return "LEFT OUT: what the statements read, because the server has no auto_explain: install Debian's postgresql"
            .to_owned();
    };
    let mut table = format!(
        "the most that one statement reads at {largest} orders\n{:<32}{:>10}{:>10}{:>12}  from end to end\n",
        "", "rows", "blocks", "rows may be"
    );
    for reading in readings {
        let may = reading.entries.map_or("–".to_owned(), |entries| format!("{:.0}", ROWS * entries));
        let whole = if reading.whole.is_empty() { "nothing".to_owned() } else { reading.whole.join(", ") };
        let _always = writeln!(
            table,
            "{:<32}{:>10.0}{:>10.0}{may:>12}  {whole:<24}{}",
            reading.function.name(),
            reading.rows,
            reading.blocks,
            if reading.entries.is_some() { verdict(reading.holds()) } else { "" }
        );
    }
    table
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn growth(large: f64) -> Growth {
        let one = |function, orders, round, p99| Measured {
            function,
            orders,
            round,
            sample: Sample { rate: 1.0, p50: 0.5, p99 },
        };
        let measured = Function::ALL.into_iter().flat_map(|function| {
            let small = [(0, 2.0), (1, 1.0), (2, 9.0)].map(|(round, p99)| one(function, 1_000, round, p99));
            small.into_iter().chain([one(function, 20_000, 0, large)])
        });
        Growth {
            machine: Machine::default(),
            busy: None,
            quick: true,
            scales: super::super::scale::scales(true, false),
            measured: measured.collect(),
            readings: None,
        }
    }

    #[test]
    fn the_ratio_compares_medians_of_the_largest_and_the_smallest_scale() {
        let grown = growth(3.0);
        let ratio = ratio(&grown.measured, Function::GetOrder).expect("measured");
        assert!((ratio - 1.5).abs() < 1e-9 && !grown.holds(), "{ratio}");
        assert!(growth(2.6).holds(), "the bar itself holds");
        assert!(!growth(2.61).holds());
    }

    #[test]
    fn a_function_without_a_figure_does_not_hold() {
        let mut empty = growth(1.0);
        empty.measured.retain(|one| one.function != Function::GetOrder);
        assert!(!empty.holds());
    }

    #[test]
    fn tables_have_a_row_for_each_function_and_say_what_is_left_out() {
        let tables = growth(3.0).latencies();
        for function in Function::ALL {
            let row = tables.lines().find(|line| line.starts_with(function.name())).expect("a row");
            assert!(row.contains("0.50 / 2.00") && row.ends_with("1.50  NOT MET"), "{row}");
        }
        assert!(reads(None, "1 million").starts_with("LEFT OUT: what the statements read"));
    }

    #[test]
    fn a_statement_that_reads_too_much_breaks_the_run() {
        let reading = |rows| Reading {
            function: Function::ListAll,
            statements: 1,
            rows,
            blocks: 1.0,
            entries: Some(75.0),
            whole: Vec::new(),
            plans: Vec::new(),
        };
        let holds = |rows| Growth { readings: Some(vec![reading(rows)]), ..growth(2.0) }.holds();
        assert!(holds(225.0) && !holds(226.0));
    }
}

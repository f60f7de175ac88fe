//! The counts of one process, as [callgrind writes them](https://valgrind.org/docs/manual/cl-format.html).

use std::collections::BTreeMap;

use anyhow::Context as _;

/// Instructions by function and by call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// All instructions of the process.
    pub(crate) total: u64,
    /// Those of each function itself.
    pub(crate) own: BTreeMap<String, u64>,
    /// Those of the calls from one function to another, with all that the other called.
    pub(crate) calls: BTreeMap<(String, String), u64>,
}

impl Counts {
    /// Reads a file without compressed names.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut counts = Self::default();
        let (mut function, mut callee, mut is_call) = (String::new(), String::new(), false);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                function = without_hash(name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                callee = without_hash(name);
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if let Some(total) = line.strip_prefix("totals: ") {
                counts.total = total.trim().parse().context("callgrind wrote no total")?;
            } else if line.starts_with(|first: char| first.is_ascii_digit()) {
                let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<u64>().ok()).unwrap_or(0);
                if is_call {
                    *counts.calls.entry((function.clone(), callee.clone())).or_default() += cost;
                } else {
                    *counts.own.entry(function.clone()).or_default() += cost;
                }
                is_call = false;
            }
        }
        anyhow::ensure!(counts.total > 0, "callgrind counted nothing");
        Ok(counts)
    }

    /// What a process that did less did not do, for each of the `more` requests.
    pub(crate) fn since(&self, less: &Self, more: u32) -> Self {
        let each = |count: u64, before: u64| count.saturating_sub(before) / u64::from(more);
        let own = self.own.iter().map(|(name, count)| {
            (name.clone(), each(*count, less.own.get(name).copied().unwrap_or_default()))
        });
        let calls = self.calls.iter().map(|(call, count)| {
            (call.clone(), each(*count, less.calls.get(call).copied().unwrap_or_default()))
        });
        Self {
            total: each(self.total, less.total),
            own: own.filter(|(_, count)| *count > 0).collect(),
            calls: calls.filter(|(_, count)| *count > 0).collect(),
        }
    }

    /// The instructions of each function with all that it called. A function that calls itself counts once.
    pub(crate) fn inclusive(&self) -> BTreeMap<&str, u64> {
        let mut inclusive: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, count) in &self.own {
            *inclusive.entry(name).or_default() += count;
        }
        for ((caller, callee), count) in &self.calls {
            if caller != callee {
                *inclusive.entry(caller).or_default() += count;
            }
        }
        // Functions that call each other in a circle would come out above the whole.
        for count in inclusive.values_mut() {
            *count = (*count).min(self.total);
        }
        inclusive
    }
}

/// A function's name without the hash that the compiler adds, and without callgrind's number of a recursion.
fn without_hash(name: &str) -> String {
    let name = match name.rsplit_once('\'') {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => name,
    };
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            path.to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESS: &str = "\
events: Ir
fn=main
0 10
cfn=work::h0123456789abcdef
calls=1 0
0 50
fn=work::h0123456789abcdef
0 50
totals: 60
";
    const MORE: &str = "\
events: Ir
fn=main
0 10
cfn=work::h0123456789abcdef
calls=3 0
0 450
fn=work::h0123456789abcdef
0 250
cfn=write
calls=2 0
0 200
fn=write
0 200
totals: 460
";

    #[test]
    fn the_difference_of_two_processes_is_what_the_requests_took() {
        let (less, more) = (Counts::parse(LESS).unwrap(), Counts::parse(MORE).unwrap());
        let each = more.since(&less, 2);
        assert_eq!(each.total, 200);
        assert_eq!(each.own, [("work".to_owned(), 100), ("write".to_owned(), 100)].into());
        assert_eq!(each.inclusive().get("work"), Some(&200));
        assert_eq!(each.inclusive().get("main"), Some(&200));
    }

    #[test]
    fn a_file_without_counts_is_rejected() {
        assert!(Counts::parse("events: Ir\n").is_err());
    }
}

//! Functions by the instructions that they took.

use std::fmt::Write as _;

use crate::callgrind::counts::Counts;

/// The functions that took the most by themselves.
pub(super) fn own(counts: &Counts, most: usize) -> String {
    let functions = counts.own.iter().map(|(name, count)| (name.as_str(), *count));
    table("by itself", functions.collect(), counts.total, most)
}

/// The functions that took the most with all that they called.
pub(super) fn inclusive(counts: &Counts, most: usize) -> String {
    table("with calls", counts.inclusive().into_iter().collect(), counts.total, most)
}

/// The calls to functions whose names contain `word`, by what they took.
pub(super) fn callers(counts: &Counts, word: &str, most: usize) -> String {
    let calls = counts.calls.iter().filter(|((_, callee), _)| callee.contains(word));
    let calls: Vec<_> =
        calls.map(|((caller, callee), count)| (format!("{callee} for {caller}"), *count)).collect();
    let calls = calls.iter().map(|(call, count)| (call.as_str(), *count));
    table("calls", calls.collect(), counts.total, most)
}

fn table(title: &str, mut functions: Vec<(&str, u64)>, total: u64, most: usize) -> String {
    functions.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let mut text = format!("{title:>12}  share  function\n");
    for (name, count) in functions.into_iter().take(most) {
        let share = count * 1000 / total.max(1);
        writeln!(text, "{count:>12}  {:>3}.{} %  {name}", share / 10, share % 10).expect("a text takes all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_begins_with_the_most_expensive_function() {
        let own = [("small".to_owned(), 250), ("large".to_owned(), 750)].into();
        let counts = Counts { total: 1000, own, ..Counts::default() };
        let table = super::own(&counts, 1);
        assert!(table.ends_with("         750   75.0 %  large\n"), "{table}");
    }
}

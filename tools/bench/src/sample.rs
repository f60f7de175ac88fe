//! What a run of requests comes down to.

use serde::{Deserialize, Serialize};

/// Rate and latencies of one run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Half of the requests took no longer, in milliseconds.
    pub(crate) p50: f64,
    /// All but one in a hundred took no longer, in milliseconds.
    pub(crate) p99: f64,
}

impl Sample {
    /// Computes rate and latencies from the latency of every request, in microseconds, and the duration of the run, in
    /// seconds. None when there was no request.
    pub(crate) fn of(mut micros: Vec<u32>, seconds: f64) -> Option<Self> {
        micros.sort_unstable();
        let rate = f64::from(u32::try_from(micros.len()).ok()?) / seconds;
        let milliseconds = |percent| percentile(&micros, percent).map(|micros| f64::from(micros) / 1000.0);
        Some(Self { rate, p50: milliseconds(50)?, p99: milliseconds(99)? })
    }

    /// The median of several runs, for rate and latencies separately.
    pub(crate) fn median(runs: &[Self]) -> Option<Self> {
        let of = |figure: fn(&Self) -> f64| median(&runs.iter().map(figure).collect::<Vec<_>>());
        Some(Self { rate: of(|run| run.rate)?, p50: of(|run| run.p50)?, p99: of(|run| run.p99)? })
    }
}

/// The smallest value that at least this percentage of all do not exceed; `sorted` from the smallest.
fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The middle value; of an even number the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(sorted[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_occurred() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (Some(50), Some(99)));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (Some(7), Some(7)));
        assert_eq!(percentile(&[1, 9], 99), Some(9));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn latencies_need_not_come_sorted() {
        let sample = Sample::of(vec![3000, 1000, 2000], 2.0);
        assert_eq!(sample, Some(Sample { rate: 1.5, p50: 2.0, p99: 3.0 }));
        assert_eq!(Sample::of(Vec::new(), 2.0), None);
    }

    #[test]
    fn medians_are_taken_per_metric() {
        let runs = [(10.0, 3.0, 7.0), (30.0, 1.0, 9.0), (20.0, 2.0, 8.0)];
        let runs = runs.map(|(rate, p50, p99)| Sample { rate, p50, p99 });
        assert_eq!(Sample::median(&runs), Some(Sample { rate: 20.0, p50: 2.0, p99: 8.0 }));
        assert_eq!(Sample::median(&[]), None);
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }
}

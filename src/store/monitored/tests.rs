//! When calls say that the database does not do its work.

use super::*;

fn probed() -> (CallHistory, Instant) {
    let start = Instant::now();
    let calls = CallHistory::new(start);
    calls.record_probe(true);
    (calls, start)
}

fn seconds(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_store_is_unhealthy_before_its_first_probe() {
    let start = Instant::now();
    let calls = CallHistory::new(start);
    assert!(!calls.are_healthy(start));
    calls.record_probe(true);
    assert!(calls.are_healthy(start));
    calls.record_probe(false);
    assert!(!calls.are_healthy(start));
}

#[tokio::test]
async fn a_failing_operation_is_noticed_within_15_seconds() {
    let (calls, start) = probed();
    for at in 0..=5 {
        assert!(calls.are_healthy(seconds(start, at)), "{at}");
        calls.record_failure(Operation::PlaceOrder, seconds(start, at));
        calls.record_success(Operation::ReadOrder, seconds(start, at));
    }
    assert!(!calls.are_healthy(seconds(start, 5)));
    calls.record_success(Operation::PlaceOrder, seconds(start, 6));
    assert!(calls.are_healthy(seconds(start, 6)));
}

#[tokio::test]
async fn failures_at_one_moment_are_no_outage() {
    let (calls, start) = probed();
    for _ in 0..100 {
        calls.record_failure(Operation::WithdrawOrder, start);
    }
    assert!(calls.are_healthy(seconds(start, 9)));
}

#[tokio::test]
async fn old_failures_do_not_count() {
    let (calls, start) = probed();
    for at in 0..9 {
        calls.record_failure(Operation::WithdrawOrder, seconds(start, at));
    }
    assert!(!calls.are_healthy(seconds(start, 17)));
    assert!(calls.are_healthy(seconds(start, 18)));
}

#[tokio::test]
async fn a_successful_probe_ends_a_fault_that_it_met() {
    for probe_failed_first in [true, false] {
        let (calls, start) = probed();
        if probe_failed_first {
            calls.record_probe(false);
        }
        calls.record_failure(Operation::WithdrawOrder, seconds(start, 8));
        calls.record_probe(false);
        calls.record_probe(true);
        assert_eq!(calls.clear_recovered(seconds(start, 17)).count(), 0);
        assert_eq!(calls.clear_recovered(seconds(start, 18)).collect::<Vec<_>>(), [Operation::WithdrawOrder]);
        assert_eq!(calls.clear_recovered(seconds(start, 18)).count(), 0);
    }
}

#[tokio::test]
async fn rare_failing_calls_are_one_outage() {
    let (calls, start) = probed();
    for minute in 0..30 {
        calls.record_failure(Operation::TakeDueMessages, seconds(start, minute * 60));
        calls.record_probe(true);
        assert_eq!(calls.clear_recovered(seconds(start, minute * 60 + 59)).count(), 0, "{minute}");
    }
    assert_eq!(
        calls.clear_recovered(seconds(start, 29 * 60 + 5 * 60)).collect::<Vec<_>>(),
        [Operation::TakeDueMessages]
    );
}

#[tokio::test]
async fn a_success_counts_within_the_given_span() {
    let (calls, start) = probed();
    let worked = |span, after| calls.worked_within(Duration::from_secs(span), seconds(start, after));
    assert!(!worked(10, 0));
    calls.record_success(Operation::ReadOrder, start);
    assert!(worked(2, 1) && !worked(2, 2));
    assert!(worked(10, 9) && !worked(10, 10));
}

//! When calls say that the database does not do its work.

use super::*;

fn probed() -> (Calls, Instant) {
    let start = Instant::now();
    let calls = Calls::new(start);
    calls.probed(true);
    (calls, start)
}

fn seconds(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_store_that_was_not_probed_does_not_work_yet() {
    let start = Instant::now();
    let calls = Calls::new(start);
    assert!(!calls.work(start));
    calls.probed(true);
    assert!(calls.work(start));
    calls.probed(false);
    assert!(!calls.work(start));
}

#[tokio::test]
async fn a_kind_whose_calls_all_fail_is_noticed_within_fifteen_seconds() {
    let (calls, start) = probed();
    for at in 0..=5 {
        assert!(calls.work(seconds(start, at)), "{at}");
        calls.failed(Kind::PlaceOrder, seconds(start, at));
        calls.worked(Kind::ReadOrder, seconds(start, at));
    }
    assert!(!calls.work(seconds(start, 5)));
    calls.worked(Kind::PlaceOrder, seconds(start, 6));
    assert!(calls.work(seconds(start, 6)));
}

#[tokio::test]
async fn failures_at_one_moment_are_no_outage() {
    let (calls, start) = probed();
    for _ in 0..100 {
        calls.failed(Kind::WithdrawOrder, start);
    }
    assert!(calls.work(seconds(start, 9)));
}

#[tokio::test]
async fn failures_that_are_long_over_say_nothing() {
    let (calls, start) = probed();
    for at in 0..9 {
        calls.failed(Kind::WithdrawOrder, seconds(start, at));
    }
    assert!(!calls.work(seconds(start, 17)));
    assert!(calls.work(seconds(start, 18)));
}

#[tokio::test]
async fn a_fault_that_the_probe_met_is_over_when_the_probe_works() {
    for probe_failed_first in [true, false] {
        let (calls, start) = probed();
        if probe_failed_first {
            calls.probed(false);
        }
        calls.failed(Kind::WithdrawOrder, seconds(start, 8));
        calls.probed(false);
        calls.probed(true);
        assert_eq!(calls.forgive(seconds(start, 17)).count(), 0);
        assert_eq!(calls.forgive(seconds(start, 18)).collect::<Vec<_>>(), [Kind::WithdrawOrder]);
        assert_eq!(calls.forgive(seconds(start, 18)).count(), 0);
    }
}

#[tokio::test]
async fn a_fault_that_the_probe_does_not_meet_is_one_outage_though_its_calls_are_rare() {
    let (calls, start) = probed();
    for minute in 0..30 {
        calls.failed(Kind::TakeDueMessages, seconds(start, minute * 60));
        calls.probed(true);
        assert_eq!(calls.forgive(seconds(start, minute * 60 + 59)).count(), 0, "{minute}");
    }
    assert_eq!(calls.forgive(seconds(start, 29 * 60 + 5 * 60)).collect::<Vec<_>>(), [Kind::TakeDueMessages]);
}

#[tokio::test]
async fn a_call_that_worked_is_remembered_for_the_span_that_is_asked_for() {
    let (calls, start) = probed();
    let worked = |span, after| calls.worked_within(Duration::from_secs(span), seconds(start, after));
    assert!(!worked(10, 0));
    calls.worked(Kind::ReadOrder, start);
    assert!(worked(2, 1) && !worked(2, 2));
    assert!(worked(10, 9) && !worked(10, 10));
}

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
        calls.failed(Kind::CancelOrder, start);
    }
    assert!(calls.work(seconds(start, 9)));
}

#[tokio::test]
async fn failures_that_are_long_over_say_nothing() {
    let (calls, start) = probed();
    for at in 0..9 {
        calls.failed(Kind::CancelOrder, seconds(start, at));
    }
    assert!(!calls.work(seconds(start, 17)));
    assert!(calls.work(seconds(start, 18)));
    assert_eq!(calls.forgive(seconds(start, 17)).count(), 0);
    assert_eq!(calls.forgive(seconds(start, 18)).collect::<Vec<_>>(), [Kind::CancelOrder]);
    assert_eq!(calls.forgive(seconds(start, 18)).count(), 0);
}

#[tokio::test]
async fn a_call_that_worked_just_now_is_remembered_for_ten_seconds() {
    let (calls, start) = probed();
    assert!(!calls.worked_lately(start));
    calls.worked(Kind::ReadOrder, start);
    assert!(calls.worked_lately(seconds(start, 9)) && !calls.worked_lately(seconds(start, 10)));
}

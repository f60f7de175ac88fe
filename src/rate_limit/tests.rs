//! The rate limit on a clock that the test sets.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn caller(number: u128) -> Owner {
    Owner { tenant: Uuid::from_u128(7), object: Uuid::from_u128(number) }
}

fn limiter(per_second: u32, burst: u32) -> (RateLimiter, Instant) {
    let start = Instant::now();
    (RateLimiter::new(Rate::new(per_second, 1, burst).unwrap(), start), start)
}

/// How many requests in a row are admitted.
fn admitted(limiter: &RateLimiter, caller: Owner, now: Instant) -> usize {
    (0..100_000).take_while(|_| limiter.take(caller, now).is_ok()).count()
}

fn remembered(limiter: &RateLimiter) -> usize {
    limiter.buckets.lock().unwrap().by_caller.len()
}

#[test]
fn after_a_burst_the_rate_applies() {
    let (limiter, start) = limiter(20, 40);
    assert_eq!(admitted(&limiter, caller(1), start), 40);
    assert_eq!(admitted(&limiter, caller(1), start + SECOND), 20);
    assert_eq!(admitted(&limiter, caller(1), start + SECOND * 60), 40);
}

#[test]
fn callers_have_separate_buckets() {
    let (limiter, start) = limiter(1, 1);
    let elsewhere = Owner { tenant: Uuid::from_u128(8), ..caller(1) };
    for caller in [caller(1), caller(2), elsewhere] {
        assert_eq!(admitted(&limiter, caller, start), 1);
    }
}

#[test]
fn the_wait_is_true_to_the_nanosecond() {
    let (limiter, start) = limiter(3, 2);
    assert_eq!(admitted(&limiter, caller(1), start), 2);
    let wait = limiter.take(caller(1), start).unwrap_err();
    let nanosecond = Duration::from_nanos(1);
    let moment_before = start + wait.saturating_sub(nanosecond);
    assert_eq!(limiter.take(caller(1), moment_before), Err(nanosecond));
    assert_eq!(limiter.take(caller(1), start + wait), Ok(()));
}

#[test]
fn a_million_callers_are_remembered_in_bounded_space() {
    let (limiter, start) = limiter(20, 40);
    for number in 0..1_000_000_u32 {
        let now = start + Duration::from_micros(1) * number;
        let _whether = limiter.take(caller(number.into()), now);
    }
    let buckets = limiter.buckets.lock().unwrap();
    assert_eq!((buckets.by_caller.len(), buckets.next_full.len()), (MAX_BUCKETS, MAX_BUCKETS));
    assert!(
        buckets.by_caller.capacity() <= 4 * MAX_BUCKETS && buckets.next_full.capacity() <= 4 * MAX_BUCKETS
    );
}

#[test]
fn a_drained_caller_is_not_refreshed_by_a_crowd() {
    let (limiter, start) = limiter(1, 60);
    assert_eq!(admitted(&limiter, caller(1), start), 60);
    for number in 2..3 * MAX_BUCKETS as u128 {
        let _whether = limiter.take(caller(number), start + SECOND);
    }
    assert_eq!(remembered(&limiter), MAX_BUCKETS);
    assert_eq!(admitted(&limiter, caller(1), start + SECOND * 2), 2);
}

#[test]
fn without_room_new_callers_share_one_bucket() {
    let (limiter, start) = limiter(1, 2);
    for number in 0..MAX_BUCKETS as u128 {
        assert_eq!(admitted(&limiter, caller(number), start), 2);
    }
    let (late, later) = (caller(1 << 100), caller(2 << 100));
    assert_eq!((admitted(&limiter, late, start), admitted(&limiter, later, start)), (2, 0));
    let rested = start + SECOND * 2;
    assert_eq!(admitted(&limiter, later, rested), 2, "another one is full and forgotten");
    assert_eq!(remembered(&limiter), MAX_BUCKETS);
}

#[test]
fn a_caller_that_drained_the_shared_bucket_finds_no_fresh_one() {
    let (limiter, start) = limiter(1, 10);
    for number in 0..MAX_BUCKETS as u128 {
        assert_eq!(limiter.take(caller(number), start), Ok(()));
    }
    let late = caller(1 << 100);
    assert_eq!(admitted(&limiter, late, start), 10);
    let rested = start + SECOND;
    assert_eq!((admitted(&limiter, late, rested), admitted(&limiter, caller(2 << 100), rested)), (1, 1));
    assert!(limiter.buckets.lock().unwrap().by_caller.contains_key(&late), "there is room again");
}

#[test]
fn a_rate_has_bounds() {
    assert!(Rate::new(1, 60, 1).is_some() && Rate::new(1_000, 1, 10_000).is_some());
    for (requests, seconds, burst) in
        [(0, 1, 1), (1, 0, 1), (1, 1, 0), (1_001, 1, 1), (1, 61, 1), (1, 1, 10_001)]
    {
        assert_eq!(Rate::new(requests, seconds, burst), None);
    }
}

proptest! {
    #[test]
    fn never_more_than_the_burst_and_the_rate_times_the_time(
        per_second in 1_u32..=1_000, burst in 1_u32..=50, gaps in prop::collection::vec(0_u64..80_000_000, 1..300),
    ) {
        let (limiter, start) = limiter(per_second, burst);
        let (mut now, mut taken) = (start, Vec::new());
        for gap in gaps {
            now += Duration::from_nanos(gap);
            if limiter.take(caller(1), now).is_ok() {
                taken.push(now);
            }
        }
        for (first, from) in taken.iter().enumerate() {
            for (last, to) in taken.iter().enumerate().skip(first) {
                let within = u128::from(per_second) * to.duration_since(*from).as_nanos() / 1_000_000_000;
                prop_assert!((last - first + 1) as u128 <= u128::from(burst) + within);
            }
        }
    }
}

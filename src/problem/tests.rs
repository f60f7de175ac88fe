//! What clients are told.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::limits::Limits;

fn invocation() -> Invocation {
    Invocation { id: Uuid::from_u128(7), function: "Any", traceparent: String::new() }
}

fn header(answer: &Answer, name: &HeaderName) -> Option<String> {
    let found = answer.headers.iter().find(|(known, _)| known == name)?;
    found.1.to_str().ok().map(str::to_owned)
}

#[test]
fn a_refusal_of_the_protocol_layer_is_a_problem_like_any_other() {
    for (refusal, status, slug, retry_after) in [
        (Refusal::NotFound, 404, "not-found", None),
        (Refusal::Busy, 503, "unavailable", Some("5")),
        (Refusal::TooLarge, 413, "too-large", None),
        (Refusal::BodyTooSlow, 408, "body-timeout", None),
        (Refusal::Unreadable, 400, "malformed", None),
        (Refusal::UriTooLong, 414, "too-large", None),
        (Refusal::HeadTooLarge, 431, "too-large", None),
        (Refusal::Late, 503, "unavailable", Some("5")),
        (Refusal::Panicked, 500, "internal", None),
    ] {
        let answer = Problem::of_host(refusal, &invocation());
        assert_eq!(answer.status, status, "{refusal:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["type"], format!("urn:orders:problem:{slug}"), "{refusal:?}");
        assert_eq!(body["instance"], "urn:uuid:00000000-0000-0000-0000-000000000007");
        assert_eq!((&body["status"], body.get("errors")), (&json!(status), None), "{refusal:?}");
        assert_eq!(header(&answer, &header::RETRY_AFTER).as_deref(), retry_after, "{refusal:?}");
        for (name, value) in [
            (header::CONTENT_TYPE, "application/problem+json; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(header(&answer, &name).as_deref(), Some(value), "{refusal:?}");
        }
    }
}

#[test]
fn whoever_calls_too_often_is_told_a_time_that_is_never_too_short() {
    for (millis, told) in [(1, "1"), (1_000, "1"), (1_001, "2"), (59_999, "60")] {
        let answer = Problem::RateLimited(Duration::from_millis(millis)).answer(&invocation());
        assert_eq!(answer.status, 429);
        assert_eq!(header(&answer, &header::RETRY_AFTER).as_deref(), Some(told), "{millis}");
    }
}

#[test]
fn a_store_that_is_away_may_be_tried_again_and_one_that_is_wrong_may_not() {
    let wrong = StoreError::Inconsistent { table: "any", column: "any" };
    assert_eq!(Problem::from(wrong), Problem::Internal);
    assert_eq!(Problem::from(StoreError::from(sqlx::Error::PoolTimedOut)), Problem::Unavailable);
}

#[test]
fn the_words_of_a_refusal_name_the_limits() {
    let Limits { requests, forms, .. } = LIMITS;
    for (problem, number) in [
        (Problem::TooLarge, format!("at most {} KiB", forms.body >> 10)),
        (Problem::HeadTooLarge, format!("at most {} KiB", requests.head_size >> 10)),
        (Problem::BodyTimeout, format!("within {} seconds", requests.body.as_secs())),
    ] {
        let answer = problem.answer(&invocation());
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(body["detail"].as_str().unwrap().contains(&number), "{number}: {body}");
    }
}

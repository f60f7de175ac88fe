//! What answers to clients contain.

use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    limits::Limits,
    orders::{InvalidLine, LineError},
    store::{Conflict, StoreError, WriteError},
};

fn invocation() -> Invocation {
    Invocation::new(Uuid::from_u128(7), "Any", azure_functions_handler::TraceContext::random())
}

fn header(answer: &Response, name: &HeaderName) -> Option<String> {
    answer.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn document(answer: Response) -> Value {
    let body = answer.into_body().collect().now_or_never().unwrap().unwrap();
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

#[test]
fn server_errors_become_problem_documents() {
    for (error, status, slug, retry_after) in [
        (ServerError::NotFound, 404, "not-found", None),
        (ServerError::Overloaded, 503, "unavailable", Some("5")),
        (ServerError::EnvelopeTooLarge, 413, "too-large", None),
        (ServerError::BodyTooSlow, 408, "body-timeout", None),
        (ServerError::UnreadableHead, 400, "malformed", None),
        (ServerError::UriTooLong, 414, "too-large", None),
        (ServerError::HeadTooLarge, 431, "too-large", None),
        (ServerError::Timeout, 503, "unavailable", Some("5")),
        (ServerError::HandlerPanicked, 500, "internal", None),
        (ServerError::InvalidResponse, 500, "internal", None),
    ] {
        let answer = Problem::from_error(&error.into()).to_response(&invocation());
        assert_eq!(answer.status(), status, "{error:?}");
        assert_eq!(header(&answer, &header::RETRY_AFTER).as_deref(), retry_after, "{error:?}");
        for (name, value) in [
            (header::CONTENT_TYPE, "application/problem+json; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(header(&answer, &name).as_deref(), Some(value), "{error:?}");
        }
        let body = document(answer);
        assert_eq!(body["type"], format!("urn:orders:problem:{slug}"), "{error:?}");
        assert_eq!(body["instance"], "urn:uuid:00000000-0000-0000-0000-000000000007");
        assert_eq!((&body["status"], body.get("errors")), (&json!(status), None), "{error:?}");
    }
}

#[test]
fn retry_after_is_never_too_short() {
    for (millis, told) in [(1, "1"), (1_000, "1"), (1_001, "2"), (59_999, "60")] {
        let answer = Problem::RateLimited(Duration::from_millis(millis)).to_response(&invocation());
        assert_eq!(answer.status(), 429);
        assert_eq!(header(&answer, &header::RETRY_AFTER).as_deref(), Some(told), "{millis}");
    }
}

#[test]
fn only_an_unavailable_store_is_worth_a_retry() {
    let wrong = StoreError::Inconsistent { table: "any", column: "any" };
    assert_eq!(Problem::from(wrong), Problem::Internal);
    assert_eq!(Problem::from(StoreError::from(sqlx::Error::PoolTimedOut)), Problem::Unavailable);
}

#[test]
fn each_write_error_has_its_problem() {
    for (error, problem) in [
        (WriteError::NotFound, Problem::NotFound),
        (WriteError::PreconditionFailed, Problem::Stale),
        (WriteError::PreconditionRequired, Problem::PreconditionRequired),
        (WriteError::KeyReused, Problem::KeyReused),
        (WriteError::InProgress, Problem::InProgress),
        (WriteError::from(sqlx::Error::PoolTimedOut), Problem::Unavailable),
    ] {
        let text = error.to_string();
        assert_eq!(Problem::from(error), problem, "{text}");
    }
}

#[test]
fn a_conflict_says_what_is_allowed() {
    for (conflict, said) in [
        (Conflict::Update, "Only an order with the status `placed` can be changed."),
        (Conflict::Cancel, "Only an order with the status `placed` can be cancelled."),
        (Conflict::Process, "Only an order with the status `placed` can be processed."),
        (Conflict::Replay, "A dead letter can be replayed once."),
    ] {
        let body = document(Problem::from(WriteError::Conflict(conflict)).to_response(&invocation()));
        assert_eq!(body["type"], "urn:orders:problem:conflict");
        assert!(body["detail"].as_str().unwrap().contains(said), "{body}");
    }
}

#[test]
fn a_refused_line_is_a_field_of_its_body() {
    let lines = vec![
        InvalidLine { index: 2, error: LineError::CurrencyMismatch },
        InvalidLine { index: 0, error: LineError::UnknownProduct },
    ];
    let body = document(Problem::from(WriteError::InvalidLines(lines)).to_response(&invocation()));
    let faults = body["errors"].as_array().unwrap().iter().map(|fault| (&fault["pointer"], &fault["code"]));
    let expected = [(json!("/lines/0"), json!("unknown")), (json!("/lines/2"), json!("currency"))];
    assert!(faults.eq(expected.iter().map(|(pointer, code)| (pointer, code))), "{body}");
}

#[test]
fn a_refusal_names_the_limit_that_was_exceeded() {
    let Limits { requests, json_body, concurrency, .. } = LIMITS;
    for (problem, limit) in [
        (Problem::TooLarge, format!("at most {} KiB", json_body.max_bytes >> 10)),
        (Problem::HeadersTooLarge, format!("at most {} headers", requests.max_headers)),
        (Problem::HeadersTooLarge, format!("at most {} KiB", requests.max_head_bytes >> 10)),
        (Problem::BodyTimeout, format!("within {} seconds", requests.body_timeout.as_secs())),
        (Problem::TooManyConcurrent, format!("At most {} of your requests", concurrency.per_caller.unwrap())),
    ] {
        let body = document(problem.to_response(&invocation()));
        assert!(body["detail"].as_str().unwrap().contains(&limit), "{limit}: {body}");
    }
}

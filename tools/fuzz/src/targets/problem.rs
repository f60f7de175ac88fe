//! The promises about every refusal of a body: `docs/reference/api.md#problem-documents`.

use azure_functions_handler::Invocation;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use orders_worker::{
    limits::LIMITS,
    problem::{FieldCode, FieldError, Problem},
};
use serde_json::Value;
use uuid::Uuid;

use super::path;

const CODES: [&str; 9] =
    ["required", "type", "unknown-field", "length", "range", "pattern", "unknown", "currency", "duplicate"];

/// A refused body is malformed, or has errors from the closed list whose pointers lead somewhere in it.
pub(super) fn check(problem: &Problem, body: &[u8]) -> u64 {
    let invocation = Invocation::new(Uuid::nil(), "Any", azure_functions_handler::TraceContext::random());
    let answer = problem.to_response(&invocation);
    let status = answer.status();
    let answer = answer
        .into_body()
        .collect()
        .now_or_never()
        .expect("it is there at once")
        .expect("it is whole")
        .to_bytes();
    let document: Value = serde_json::from_slice(&answer).expect("a problem is JSON");
    assert_eq!(document["status"], status.as_u16());
    // In an envelope the answer is a text within JSON.
    let wrapped = Value::String(document.to_string()).to_string().len();
    assert!(
        answer.len().max(wrapped) <= LIMITS.json_body.max_error_response_bytes,
        "{wrapped} bytes answer {}",
        body.len()
    );
    match problem {
        Problem::Malformed(_) => {
            assert_eq!(document["type"], "urn:orders:problem:malformed");
            assert_eq!((status.as_u16(), document.get("errors")), (400, None));
            path("malformed")
        }
        Problem::InvalidFields(errors) => {
            assert_eq!(document["type"], "urn:orders:problem:invalid-fields");
            assert_eq!(status, 422);
            let body: Value = serde_json::from_slice(body).expect("a body with wrong fields is JSON");
            let listed = document["errors"].as_array().expect("errors are listed");
            let told = errors.as_slice();
            assert!(
                !listed.is_empty() && listed.len() == told.len() && told.len() <= LIMITS.json_body.max_errors
            );
            assert_eq!(document.get("truncated"), errors.is_truncated().then_some(&Value::Bool(true)));
            for error in listed {
                leads_somewhere(error, &body);
            }
            assert!(told.is_sorted_by(|one, next| one < next), "in sequence, none twice: {errors:?}");
            path(told.iter().map(place).collect::<std::collections::BTreeSet<_>>())
        }
        other => panic!("a body alone is never refused as {other:?}"),
    }
}

fn leads_somewhere(error: &Value, body: &Value) {
    let (code, pointer) = (error["code"].as_str(), error["pointer"].as_str());
    let (Some(code), Some(pointer)) = (code, pointer) else { panic!("code and pointer: {error}") };
    assert!(CODES.contains(&code), "a code of the closed list: {error}");
    let is_there = body.pointer(pointer).is_some();
    if code == "required" {
        let (parent, _) = pointer.rsplit_once('/').expect("what is missing has a name");
        assert!(!is_there && body.pointer(parent).is_some_and(Value::is_object), "missing there: {error}");
    } else {
        assert!(is_there, "there: {error}");
    }
}

/// Code and pointer, but all lines alike and all unknown fields of one object alike.
fn place(fault: &FieldError) -> (u8, String) {
    let known = match fault.code {
        FieldCode::UnknownField => fault.pointer.rsplit_once('/').map_or("", |(parent, _)| parent),
        _ => &fault.pointer,
    };
    (fault.code as u8, known.replace(|digit: char| digit.is_ascii_digit(), ""))
}

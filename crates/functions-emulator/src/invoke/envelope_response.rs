//! The worker's answer to an envelope.

// The host: docs/reference/host-protocol.md#reading-the-answer.

use http::{Response, StatusCode, header};

use super::{
    Failure,
    read_body::{MAX_ANSWER_BYTES, read_whole},
};
use crate::{body::Body, net_json::Json};

/// The protocol violation of a worker whose answer is empty.
pub(super) const EMPTY_ANSWER: &str = "the answer is empty or null, so the host waits until functionTimeout and then \
    kills the worker; answer at least {} with Content-Type application/json";

/// `{Outputs, Logs, ReturnValue}`.
#[derive(Debug)]
pub(crate) struct EnvelopeResponse {
    /// `Outputs`; none where it is missing or null.
    pub(crate) outputs: Option<Vec<(String, Json)>>,
    /// `ReturnValue`; null where it is missing.
    pub(crate) return_value: Json,
    /// `Logs`, one text a line.
    pub(crate) logs: Vec<String>,
}

/// Reads the answer; none for an empty one or null, which the host takes for no answer at all.
pub(super) async fn read(answered: Response<Body>) -> Result<Option<EnvelopeResponse>, Failure> {
    let (parts, body) = answered.into_parts();
    check_status(parts.status)?;
    let bytes = read_whole(body, MAX_ANSWER_BYTES).await.map_err(|failure| truncated(&failure))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let media =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") && !media.eq_ignore_ascii_case("text/json") {
        return Err(Failure::violation(format!(
            "the answer's Content-Type must be application/json, not \"{media}\" (host issue 10987)"
        )));
    }
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(None);
    }
    let json = Json::parse(&text)
        .map_err(|error| Failure::violation(format!("the answer is not valid JSON: {error}")))?;
    of_json(&json).map_err(|what| {
        Failure::violation(format!("{what}; answer {{\"Outputs\":{{…}},\"Logs\":[\"…\"],\"ReturnValue\":…}}"))
    })
}

/// The error for an answer that breaks off, which is the worker's fault.
pub(super) fn truncated(failure: &Failure) -> Failure {
    Failure::violation(format!(
        "the answer ends before its Content-Length or last chunk says so ({}); write all of it, then close",
        failure.what
    ))
}

/// An error in `Logs` that the host tolerates.
pub(super) fn oversized_logs(answer: &EnvelopeResponse) -> Option<String> {
    let bytes: usize = answer.logs.iter().map(String::len).sum();
    (bytes > MAX_LOG_BYTES).then(|| {
        format!(
            "Logs holds {} MiB, which the host keeps in memory and writes after the call; print to stdout instead",
            bytes / (1024 * 1024)
        )
    })
}

/// Bytes of `Logs` beyond which somebody has mistaken it for a file.
const MAX_LOG_BYTES: usize = 4 * 1024 * 1024;

fn check_status(status: StatusCode) -> Result<(), Failure> {
    if status.is_success() {
        return Ok(());
    }
    let failure = Failure::violation(if status.is_redirection() {
        format!(
            "the answer must not be a redirect ({status}); answer POST /<Function> itself (host issue 7860)"
        )
    } else {
        format!(
            "the answer is {status}, so the invocation fails and body, Outputs and Logs are lost (host issue 11086); \
             answer 200 and put an HTTP caller's status into the output's statusCode"
        )
    });
    Err(Failure { status: Some(status), ..failure })
}

fn of_json(json: &Json) -> Result<Option<EnvelopeResponse>, String> {
    if *json == Json::Null {
        return Ok(None);
    }
    if !matches!(json, Json::Object(_)) {
        return Err("the answer must be a JSON object".to_owned());
    }
    let outputs = match json.get_any_case("Outputs") {
        None | Some(Json::Null) => None,
        Some(Json::Object(members)) => Some(members.clone()),
        Some(_) => return Err("Outputs must be an object".to_owned()),
    };
    let logs = match json.get_any_case("Logs") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::List(items)) => items.iter().map(log_line).collect::<Result<_, _>>()?,
        Some(_) => return Err("Logs must be a list".to_owned()),
    };
    let return_value = json.get_any_case("ReturnValue").cloned().unwrap_or(Json::Null);
    Ok(Some(EnvelopeResponse { outputs, return_value, logs }))
}

fn log_line(item: &Json) -> Result<String, String> {
    match item {
        Json::List(_) | Json::Object(_) => Err("each item of Logs must be a text".to_owned()),
        scalar => Ok(scalar.shown()),
    }
}

//! Answers on the wire: as HTTP, or wrapped into `{Outputs, Logs, ReturnValue}`.

use axum_core::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{Answer, Output};
use crate::{
    binding::{self, Unsendable},
    response::{CONNECTION, json_response, success},
};

/// Queue outputs by binding, as the host wants them.
pub(super) type Outputs = Map<String, Value>;

/// Why an answer cannot travel unchanged through both entrances: a defect of its handler.
#[derive(Debug, thiserror::Error)]
pub(super) enum Defect {
    #[error("status {0} cannot travel: use 200 to 599 without the 3xx")]
    Status(StatusCode),
    #[error(
        "header {0} cannot travel: give it once, in plain ASCII, and leave connection headers to the server"
    )]
    Header(HeaderName),
    #[error("a body without a content-type: name its type")]
    Type,
    #[error("the body is not UTF-8, or a bare date, which the host rewrites: send JSON text")]
    Body,
    #[error("output {0} is not one of the function's, or given twice: see its function.json")]
    Binding(&'static str),
    #[error("output {0} cannot travel")]
    Output(&'static str, #[source] Unsendable),
}

/// Makes sure that an answer reads the same through both entrances, and prepares its messages.
pub(super) fn checked(answer: &Answer, known: &[(&'static str, &'static str)]) -> Result<Outputs, Defect> {
    if !(200..600).contains(&answer.status.as_u16()) || answer.status.is_redirection() {
        return Err(Defect::Status(answer.status));
    }
    for (index, (name, value)) in answer.headers.iter().enumerate() {
        let repeated = answer.headers[..index].iter().any(|(earlier, _)| earlier == name);
        let plain = value.to_str().is_ok_and(|text| !binding::is_rewritten(text));
        let of_connection = name == header::CONTENT_LENGTH || CONNECTION.contains(&name.as_str());
        if repeated || !plain || of_connection {
            return Err(Defect::Header(name.clone()));
        }
    }
    if !answer.body.is_empty() && !answer.headers.iter().any(|(name, _)| name == header::CONTENT_TYPE) {
        return Err(Defect::Type);
    }
    if std::str::from_utf8(&answer.body).map_or(true, binding::is_rewritten) {
        return Err(Defect::Body);
    }
    outputs(&answer.outputs, known)
}

/// Messages by binding, as the host wants them.
pub(super) fn outputs(all: &[Output], known: &[(&'static str, &'static str)]) -> Result<Outputs, Defect> {
    let mut outputs = Outputs::new();
    for (index, Output { binding, messages }) in all.iter().enumerate() {
        let repeated = all[..index].iter().any(|earlier| earlier.binding == *binding);
        if repeated || !known.iter().any(|(name, _)| name == binding) {
            return Err(Defect::Binding(binding));
        }
        let value = binding::output(messages).map_err(|why| Defect::Output(binding, why))?;
        outputs.extend(value.map(|value| ((*binding).to_owned(), value)));
    }
    Ok(outputs)
}

/// An answer as it is.
pub(super) fn plain(answer: Answer) -> Response {
    let mut response = Response::new(answer.body.into());
    *response.status_mut() = answer.status;
    response.headers_mut().extend(answer.headers);
    response
}

/// An answer and its messages in an envelope. The http out binding is named `res`.
pub(super) fn wrapped(answer: &Answer, messages: Outputs) -> Response {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Map<String, Value> =
        answer.headers.iter().map(|(name, value)| (name.to_string(), text(value).into())).collect();
    let body = String::from_utf8_lossy(&answer.body);
    let mut outputs = Outputs::new();
    let res = json!({"statusCode": answer.status.as_u16(), "headers": headers, "body": body});
    outputs.insert("res".to_owned(), res);
    outputs.extend(messages);
    success(&outputs, &[])
}

/// Failure: the host gives a message back to its queue, waits for a timer's next tick, answers a caller with 500.
pub(super) fn failed() -> Response {
    let body = json!({"error": "the invocation failed, see the log of the worker"});
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &body)
}

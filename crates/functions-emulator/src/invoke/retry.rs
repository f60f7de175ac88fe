//! `Metadata.RetryContext` of a function with a retry policy.

// The host: docs/reference/host-protocol.md#metadata.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Failure;
use crate::app::{Function, RetryPolicy};

/// The retry context that the worker receives after `failed` failed tries: the first try has one too, and later ones
/// name the last error. Of the host's .NET exception it has only the message.
pub(super) fn context(
    function: &Function,
    retry: RetryPolicy,
    failed: u32,
    last: Option<&Failure>,
    id: Uuid,
) -> Value {
    let exception = last.map(|failure| {
        json!({
            "InstanceId": id,
            "MethodName": format!("Host.Functions.{}", function.name),
            "ClassName": "Microsoft.Azure.WebJobs.Host.FunctionInvocationException",
            "Message": format!("Exception while executing function: Functions.{}", function.name),
            "InnerException": { "Message": message(failure), "InnerException": null },
        })
    });
    json!({
        "RetryCount": failed,
        "MaxRetryCount": retry.max_retries.map_or(-1, i64::from),
        "Exception": exception,
        "Instance": null,
        "State": {},
    })
}

fn message(failure: &Failure) -> String {
    failure.status.map_or_else(
        || failure.what.clone(),
        |status| {
            let reason = status.canonical_reason().unwrap_or_default();
            format!("Response status code does not indicate success: {} ({reason}).", status.as_u16())
        },
    )
}

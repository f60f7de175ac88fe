//! host.json with the host's defaults. Errors that the host would refuse have been reported already when this module
//! reads the file.

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use functions_lint::{
    Settings,
    command_line::{self, CommandLine},
    configuration::{InvalidMember, Section},
    time_span::TimeSpan,
};

use super::{CustomHandler, HostJson, MessageEncoding, QueueOptions};

/// The time that the host's HTTP client treats as "no limit".
const NO_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Reads host.json.
pub(super) fn of(root: &Path, file: &Section<'_>, settings: &Settings) -> Result<HostJson, String> {
    let http = file.section("extensions").section("http");
    let prefix = http.text("routePrefix").unwrap_or_else(|| "api".to_owned());
    let skipped = prefix.strip_prefix("~/").or_else(|| prefix.strip_prefix('/')).unwrap_or(&prefix);
    Ok(HostJson {
        function_timeout: function_timeout(file).map_err(host_json_error)?,
        custom_handler: custom_handler(root, file, settings)?,
        route_prefix: skipped.to_owned(),
        added_headers: added_headers(&http)?,
        max_outstanding_requests: limit(&http, "maxOutstandingRequests").map_err(host_json_error)?,
        max_concurrent_requests: limit(&http, "maxConcurrentRequests").map_err(host_json_error)?,
        queues: queues(&file.section("extensions").section("queues")),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn host_json_error(invalid_member: InvalidMember) -> String {
    format!("host.json: {} must be {}", invalid_member.name(), invalid_member.must)
}

fn function_timeout(file: &Section<'_>) -> Result<Duration, InvalidMember> {
    const MEMBER: &str = "functionTimeout";
    match file.text(MEMBER).filter(|text| !text.is_empty()).map(|text| TimeSpan::parse(&text)) {
        None => Ok(Duration::from_mins(30)),
        Some(span) if span == TimeSpan::parse("-1") => Ok(NO_TIMEOUT),
        Some(span) => span
            .and_then(TimeSpan::duration)
            .ok_or_else(|| file.invalid_member(MEMBER, "a time span like \"00:05:00\"")),
    }
}

/// A number of calls; -1 for no limit.
fn limit(http: &Section<'_>, name: &str) -> Result<Option<usize>, InvalidMember> {
    let number = http.integer(name, -1, i32::MAX)?;
    Ok(number.and_then(|number| usize::try_from(number).ok()))
}

fn custom_handler(root: &Path, host: &Section<'_>, settings: &Settings) -> Result<CustomHandler, String> {
    // An empty section counts as none.
    let is_legacy = !host.section("customHandler").exists() && host.section("httpWorker").exists();
    let file = host.section(if is_legacy { "httpWorker" } else { "customHandler" });
    let description = file.section("description");
    let text = |name| description.text(name).filter(|text| !text.is_empty());
    let expanded = |name| text(name).map(|text| command_line::expand(&text, settings));
    let program = expanded("defaultExecutablePath").unwrap_or_default();
    let folder = text("workerDirectory").map_or_else(|| root.to_owned(), |folder| root.join(folder));
    let beside = folder.join(&program);
    let executable = if beside.is_file() { beside } else { PathBuf::from(program) };
    let span = file.span("initializationTimeout").map_err(host_json_error)?.and_then(TimeSpan::duration);
    let port = file
        .text("port")
        .filter(|text| !text.is_empty())
        .map(|_| file.integer("port", 1, i32::from(u16::MAX)));
    Ok(CustomHandler {
        command_line: CommandLine {
            program: executable.to_string_lossy().into_owned(),
            arguments: description.texts("arguments"),
            worker_path: expanded("defaultWorkerPath"),
            worker_arguments: description.texts("workerArguments"),
        },
        executable,
        working_directory: text("workingDirectory")
            .map_or_else(|| root.to_owned(), |folder| root.join(folder)),
        port: port.transpose().map_err(host_json_error)?.flatten().and_then(|port| u16::try_from(port).ok()),
        initialization_timeout: span.unwrap_or(Duration::from_secs(30)),
        forwards: is_legacy
            || file.flag("enableForwardingHttpRequest").map_err(host_json_error)?.unwrap_or_default(),
        proxies: file.flag("enableProxyingHttpRequest").map_err(host_json_error)?.unwrap_or_default(),
        is_legacy,
    })
}

/// Without a queue binding the host does not read these members, so a wrong value becomes the default.
fn queues(file: &Section<'_>) -> QueueOptions {
    let number = |name, least, most| {
        file.integer(name, least, most).ok().flatten().and_then(|number| usize::try_from(number).ok())
    };
    let span = |name| file.span(name).ok().flatten().and_then(TimeSpan::duration);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let batch_size = number("batchSize", 1, 32).unwrap_or(16);
    let encoding = match file.variant_index("messageEncoding", &["none", "base64"]) {
        Ok(Some(0)) => MessageEncoding::None,
        _ => MessageEncoding::Base64,
    };
    QueueOptions {
        batch_size,
        new_batch_threshold: number("newBatchThreshold", 0, i32::MAX).unwrap_or(batch_size / 2 * cores),
        visibility_timeout: span("visibilityTimeout").unwrap_or_default(),
        max_dequeue_count: number("maxDequeueCount", 1, i32::MAX)
            .and_then(|most| u32::try_from(most).ok())
            .unwrap_or(5),
        max_polling_interval: span("maxPollingInterval").unwrap_or(Duration::from_mins(1)),
        encoding,
    }
}

fn added_headers(http: &Section<'_>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    let custom = http.section("customHeaders");
    for name in custom.names() {
        let value = custom.text(&name).unwrap_or_default();
        if http::HeaderName::try_from(&name).is_err() || http::HeaderValue::try_from(&value).is_err() {
            let invalid_member = custom.invalid_member(&name, "a valid HTTP header");
            return Err(host_json_error(invalid_member));
        }
        headers.push((name, value));
    }
    Ok(headers)
}

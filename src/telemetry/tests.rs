//! What stands on stdout.

use std::{
    panic,
    sync::{Arc, LazyLock, Mutex},
};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tracing::{Dispatch, Span, debug, error, field::Empty, info, info_span, warn};

use super::*;

/// While there is one subscriber alone, tracing asks the thread that first comes to an event whether anybody listens to
/// it, and remembers the answer for every thread. With a second one it asks all subscribers.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));

/// The lines that `work` logs, each of them proven to be one JSON object in one write.
fn lines_by(filter: &str, work: impl FnOnce()) -> Vec<Value> {
    LazyLock::force(&SECOND);
    let writes = Arc::<Mutex<Vec<Vec<u8>>>>::default();
    let captured = Arc::clone(&writes);
    let output = move |_, _, line: &[u8]| captured.lock().unwrap().push(line.to_vec());
    let subscriber = subscriber(filter.parse().unwrap(), Clock, output, None);
    tracing::subscriber::with_default(subscriber, work);
    let writes = writes.lock().unwrap();
    let line = |write: &Vec<u8>| {
        let text = str::from_utf8(write).unwrap().strip_suffix('\n').unwrap();
        assert!(!text.chars().any(char::is_control), "{text}");
        serde_json::from_str(text).unwrap()
    };
    writes.iter().map(line).collect()
}

pub(crate) fn lines(work: impl FnOnce()) -> Vec<Value> {
    lines_by("info", work)
}

/// The lines that `work` logs, and those of the outages that end within ten seconds after it.
pub(crate) fn lines_of(work: impl Future<Output = ()>) -> Vec<Value> {
    lines(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            work.await;
            tokio::time::pause();
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        });
    })
}

fn invocation() -> Span {
    info_span!("invocation", invocation_id = "i-1", function = "Any", trace_id = "t-1", tenant_id = Empty)
}

/// The line without its time, which is checked here.
fn timeless(mut line: Value) -> Value {
    let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    let time = time.as_str().unwrap();
    assert_eq!((time.len(), &time[19..20], &time[26..]), (27, ".", "Z"), "{time}");
    time.parse::<DateTime<Utc>>().unwrap();
    line
}

#[test]
fn a_line_starts_with_timestamp_level_and_message() {
    let lines = lines(|| info!(count = 3, "it happened"));
    let names: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["timestamp", "level", "message", "count"]);
    assert_eq!(timeless(lines[0].clone()), json!({ "level": "INFO", "message": "it happened", "count": 3 }));
}

#[test]
fn a_line_names_its_invocation() {
    let lines = lines(|| {
        let span = invocation();
        span.in_scope(|| {
            info!("before");
            Span::current().record("tenant_id", "them");
            info_span!("step", step = 2).in_scope(|| error!("within"));
        });
        info!("outside");
    });
    let of = |line: &Value| {
        ["invocation_id", "function", "trace_id", "tenant_id", "step"].map(|name| line[name].clone())
    };
    assert_eq!(of(&lines[0]), [json!("i-1"), json!("Any"), json!("t-1"), Value::Null, Value::Null]);
    assert_eq!(of(&lines[1]), [json!("i-1"), json!("Any"), json!("t-1"), json!("them"), json!(2)]);
    assert_eq!(timeless(lines[2].clone()), json!({ "level": "INFO", "message": "outside" }));
}

#[test]
fn event_fields_override_span_fields_but_not_timestamp_and_level() {
    let lines = lines(|| {
        info_span!("invocation", function = "span", message = "span", level = "span").in_scope(|| {
            info!(function = "event", timestamp = "event", "said");
            info!(wordless = true);
        });
    });
    let said = json!({ "level": "INFO", "message": "said", "function": "event" });
    let wordless = json!({ "level": "INFO", "message": "", "function": "span", "wordless": true });
    assert_eq!(lines.into_iter().map(timeless).collect::<Vec<_>>(), [said, wordless]);
}

#[test]
fn values_keep_their_json_type() {
    let lines = lines(|| {
        let text: Option<&str> = None;
        info!(a = -1, b = u64::MAX, c = 1.5, d = true, e = ?[1], f = %"shown", g = text, r#type = "t", "x");
    });
    let expected = json!({
        "level": "INFO", "message": "x",
        "a": -1, "b": u64::MAX, "c": 1.5, "d": true, "e": "[1]", "f": "shown", "type": "t",
    });
    assert_eq!(timeless(lines[0].clone()), expected);
}

#[test]
fn an_error_is_logged_with_its_causes() {
    let fault = "=loud".parse::<Filter>().unwrap_err();
    let lines = lines(|| error!(error = &fault as &(dyn std::error::Error + 'static), "no"));
    let text = lines[0]["error"].as_str().unwrap();
    assert!(text.starts_with("must be a level such as `info`") && text.contains(": "), "{text}");
}

#[test]
fn callers_cannot_forge_log_lines() {
    let hostile = "x\"}\n{\"level\":\"INFO\",\"message\":\"forged\"}\r\u{1b}[31m\u{2028}\0";
    let lines = lines(|| {
        info_span!("invocation", function = hostile).in_scope(|| warn!(sent = hostile, "{hostile}"));
    });
    assert_eq!(lines.len(), 1);
    for name in ["message", "sent", "function"] {
        assert_eq!(lines[0][name], hostile, "{name}");
    }
}

#[test]
fn the_filter_selects_lines() {
    let work = || {
        debug!("fine");
        info!("plain");
        warn!(target: "sqlx", "foreign");
        debug!(target: "azure_functions_handler::run", "of the protocol");
    };
    let messages = |filter| -> Vec<_> {
        lines_by(filter, work).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(messages("info"), ["plain", "foreign"]);
    assert_eq!(messages("error,orders_worker=debug"), ["fine", "plain", "of the protocol"]);
    assert_eq!(messages("error,orders_worker=debug,azure_functions_handler=off"), ["fine", "plain"]);
    assert!(messages("off").is_empty());
}

#[test]
fn a_strict_filter_keeps_invocation_fields() {
    let lines = lines_by("error", || {
        invocation().in_scope(|| {
            info!("unwritten");
            error!("written");
        });
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["invocation_id"], "i-1");
}

#[test]
fn a_panic_is_logged_with_its_location_only() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(panics::log_panic));
    let lines = lines(|| {
        invocation().in_scope(|| panic::catch_unwind(|| panic!("token=hunter2")).unwrap_err());
        let library = async { panic!("it is caught where it happens, and told there") };
        assert_eq!(catch_panic(library).now_or_never(), Some(Err::<(), _>(panics::Panicked)));
    });
    panic::set_hook(previous);
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["level"], &lines[0]["invocation_id"]), (&json!("ERROR"), &json!("i-1")));
    assert!(lines[0]["location"].as_str().unwrap().contains("tests.rs:"));
    assert!(!lines[0].to_string().contains("hunter2"));
}

#[test]
fn invalid_filters_are_rejected() {
    for text in ["=loud", "orders_worker=loud", "info,orders_worker=7"] {
        assert!(text.parse::<Filter>().is_err(), "{text}");
    }
    for text in ["info", "OFF", "warn,orders_worker=debug"] {
        assert!(text.parse::<Filter>().is_ok(), "{text}");
    }
}

#[test]
fn library_lines_are_marked_as_library() {
    let lines = lines(|| {
        warn!(target: "sqlx::query", event = "order-changed", "slow");
        Event::SecretRotated {}.log();
    });
    assert_eq!((&lines[0]["event"], &lines[0]["library"]), (&json!("library"), &json!("sqlx::query")));
    assert_eq!((&lines[1]["event"], lines[1].get("library")), (&json!("secret-rotated"), None));
}

/// The events that begin an outage.
const OUTAGES: [&str; 11] = [
    "database-unavailable",
    "database-token-refresh-failed",
    "database-schema-invalid",
    "database-lock-timeout",
    "overloaded",
    "fulfilment-failed",
    "fulfilment-request-rejected",
    "jwks-fetch-failed",
    "vault-request-failed",
    "secret-refresh-failed",
    "client-ca-read-failed",
];

/// The list of events, as people read it.
fn catalogue() -> String {
    let mut rows: Vec<String> = event::kinds()
        .map(|kind| {
            let fields = kind.fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
            format!("| `{}` | {} | {} | {fields} |\n", kind.name, kind.level, kind.message)
        })
        .collect();
    rows.sort();
    let rows = rows.concat();
    let outages = OUTAGES.map(|name| format!("`{name}`")).join(", ");
    format!(
        "# What the log says\n\n\
         One JSON object a line on stdout. Every line has `timestamp`, `level`, `message` and `event`; inside an \
         invocation also `invocation_id`, `function`, `trace_id` and, once they are known, `tenant_id`, `object_id`, \
         `caller_kind` and `denied` (why the caller was refused). A field without a value is left out.\n\n\
         A line that stdout does not take waits in a queue of a mebibyte; when that is full, lines are dropped, those \
         that say who did what last. `{}` is the first line afterwards and counts them by level, and how many of them were \
         such audit lines. `{}` is the last line of a process that ends because it cannot serve. Both are written at \
         every setting of `ORDERS_LOG`.\n\n\
         **Metrics.** A process that had requests writes `request-metrics` once a minute and once at its end. It counts \
         since the line before: the most requests that ran at once, the most of these without an identified caller, and \
         how many requests were refused for which reason. `metrics` is the processor's line about the database.\n\n\
         An event keeps its name and its fields' meaning; watch these, not messages. Two more names: \
         `{}` says why the worker does not start (`setting`), `{}` comes from the library that the field `library` \
         names.\n\n\
         **Outages.** These events are logged once when calls begin to fail, with the error of the first: {}; \
         `vault-request-failed` only when the vault does not answer. Later failures are counted. Once a minute while calls \
         fail, `outage-continues` says how many failed (`failed_calls`), for how long (`duration_ms`) and the last \
         error. When calls have worked for five seconds, `outage-ended` says how many failed and how long it lasted. \
         Both name the event that began it in `outage`. A request that is refused while too many run has no \
         `invocation-ended`: it is counted, and `ORDERS_LOG=debug` shows it as `request-refused`.\n\n\
         | `event` | Level | Message | Fields of its own |\n|---|---|---|---|\n{rows}",
        event::LINES_DROPPED.name,
        event::CANNOT_SERVE.name,
        event::SETTING_INVALID,
        event::LIBRARY,
        outages,
    )
}

#[test]
fn events_md_matches_the_events() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md");
    if std::env::var_os("REWRITE").is_some() {
        std::fs::write(path, catalogue()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, catalogue(), "write it anew with `cargo xtask generate`");
}

#[test]
fn event_names_are_unique_and_no_field_is_reserved() {
    let mut names = std::collections::BTreeSet::from([event::SETTING_INVALID, event::LIBRARY]);
    let lines = ["timestamp", "level", "message", "event", "invocation_id", "function", "trace_id", "denied"];
    assert!(OUTAGES.iter().all(|name| event::kinds().any(|kind| kind.name == *name)));
    for kind in event::kinds() {
        assert!(names.insert(kind.name), "{}", kind.name);
        assert!(kind.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", kind.name);
        assert!(kind.fields.iter().all(|field| !lines.contains(field)), "{}", kind.name);
    }
}

#[test]
fn audit_and_security_events_are_dropped_last() {
    for kind in event::kinds() {
        let says = kind.message.starts_with("audit: ") || kind.message.starts_with("security: ");
        assert_eq!(event::is_audit(kind.name), says, "{}", kind.name);
    }
}

//! Makes the worker's JSON lines and the host's events readable.

mod paint;

use functions_emulator::Event;
use serde_json::{Map, Value};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use self::paint::{Colour, Paint};

/// Members of a log line that are shown elsewhere or say nothing new.
const SHOWN: [&str; 5] = ["timestamp", "level", "message", "target", "trace_id"];

/// Shows the emulator's own warnings, such as why a token was refused.
pub(super) fn show_warnings() {
    let plain = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN);
    plain.with_target(false).without_time().with_ansi(terminal::use_colors()).init();
}

/// Prints what happens until the host is gone.
pub(super) async fn follow(mut happenings: Receiver<Event>) {
    let paint = Paint::for_stdout();
    loop {
        match happenings.recv().await {
            Ok(event) => {
                if let Some(line) = line(&event, paint) {
                    println!("{line}");
                }
            }
            Err(RecvError::Lagged(lost)) => println!("… {lost} lines were too fast to show"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn line(event: &Event, paint: Paint) -> Option<String> {
    let (colour, line) = match event {
        Event::Output { line, .. } => return output(line, paint),
        Event::WorkerExited { code, strike, strikes } => {
            (Colour::Yellow, exit(*code, strike.then_some(*strikes))?)
        }
        Event::InstanceEnded => {
            (Colour::Yellow, "three strikes: the host instance ends, a new one starts".to_owned())
        }
        Event::Poisoned { queue, id } => {
            (Colour::Yellow, format!("message {id} went from {queue} to {queue}-poison"))
        }
        Event::QueuesUnavailable { why } => (Colour::Red, why.clone()),
        Event::QueuesAvailable => (Colour::Yellow, "the queue server answers again".to_owned()),
        Event::ProtocolViolation { function, what } => (Colour::Red, format!("{function}: {what}")),
        Event::Warning { what } => (Colour::Yellow, what.clone()),
        Event::WorkerStarted { .. } | Event::WorkerReady { .. } | Event::Invoked { .. } => return None,
    };
    Some(paint.with(colour, &line))
}

/// The host kills a worker that it replaces; such an end is no strike and not worth a line.
fn exit(code: Option<i32>, strike: Option<u32>) -> Option<String> {
    match (code, strike) {
        (None, None) => None,
        (None, Some(strike)) => Some(format!("the worker ended by a signal, strike {strike} of 3")),
        (Some(code), Some(strike)) => {
            Some(format!("the worker ended with code {code}, strike {strike} of 3"))
        }
        (Some(0), None) => {
            Some("the worker ended with code 0 and stays down until a file is saved".to_owned())
        }
        (Some(code), None) => Some(format!("the worker ended with code {code} and is started again")),
    }
}

/// One line for a finished invocation, and for a warning or error; other JSON lines are not for a terminal.
fn output(line: &str, paint: Paint) -> Option<String> {
    let Ok(record) = serde_json::from_str::<Map<String, Value>>(line) else { return Some(line.to_owned()) };
    let level = record.get("level").and_then(Value::as_str).unwrap_or_default();
    let loud = match level {
        "ERROR" => Some(Colour::Red),
        "WARN" => Some(Colour::Yellow),
        _ => None,
    };
    if record.contains_key("duration_ms") {
        Some(finished(&record, loud, paint))
    } else {
        loud.map(|colour| complaint(level, &record, colour, paint))
    }
}

fn finished(record: &Map<String, Value>, loud: Option<Colour>, paint: Paint) -> String {
    let status = record.get("status").or_else(|| record.get("outcome")).map(text).unwrap_or_default();
    let colour = loud.unwrap_or(match status.as_bytes().first() {
        Some(b'4' | b'5') => Colour::Yellow,
        _ => Colour::Green,
    });
    let field = |name: &str| record.get(name).map(text).unwrap_or_default();
    let status = paint.with(colour, &format!("{status:<9}"));
    let id = paint.with(Colour::Grey, &field("invocation_id"));
    format!("{}  {:<22} {status} {:>5} ms  {id}", clock(record), field("function"), field("duration_ms"))
}

fn complaint(level: &str, record: &Map<String, Value>, colour: Colour, paint: Paint) -> String {
    let message = record.get("message").map(text).unwrap_or_default();
    let rest = record.iter().filter(|(name, _)| !SHOWN.contains(&name.as_str()));
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={}", text(value))).collect();
    let (level, rest) = (paint.with(colour, level), paint.with(Colour::Grey, &rest.join(" ")));
    format!("{}  {level} {message} {rest}", clock(record)).trim_end().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The time of day of an RFC 3339 time stamp.
fn clock(record: &Map<String, Value>) -> &str {
    record.get("timestamp").and_then(Value::as_str).and_then(|time| time.get(11..19)).unwrap_or("        ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<String> {
        output(line, Paint::PLAIN)
    }

    #[test]
    fn a_completed_invocation_is_one_line() {
        let line = r#"{"timestamp":"2030-01-01T12:34:56.789Z","level":"INFO","message":"done",
            "function":"GetOrder","status":200,"outcome":"ok","duration_ms":12,"invocation_id":"0190"}"#;
        assert_eq!(shown(line).unwrap(), "12:34:56  GetOrder               200          12 ms  0190");
    }

    #[test]
    fn an_invocation_without_a_status_shows_its_outcome() {
        let line = r#"{"timestamp":"2030-01-01T12:34:56Z","level":"INFO","function":"FulfilOrder","outcome":"succeeded","duration_ms":3}"#;
        assert!(shown(line).unwrap().contains("FulfilOrder            succeeded     3 ms"));
    }

    #[test]
    fn warnings_and_errors_are_shown_with_their_fields() {
        let line =
            r#"{"timestamp":"2030-01-01T12:34:56Z","level":"WARN","message":"slow","queue":"a","n":3}"#;
        assert_eq!(shown(line).unwrap(), "12:34:56  WARN slow queue=a n=3");
    }

    #[test]
    fn crashes_are_shown_and_planned_exits_are_not() {
        let shown = |code, strike, strikes| {
            line(&Event::WorkerExited { code, strike, strikes }, Paint::PLAIN).unwrap_or_default()
        };
        assert_eq!(shown(None, true, 3), "the worker ended by a signal, strike 3 of 3");
        assert_eq!(shown(None, true, 1), "the worker ended by a signal, strike 1 of 3");
        assert_eq!(shown(None, false, 1), "");
        assert_eq!(shown(Some(2), true, 2), "the worker ended with code 2, strike 2 of 3");
        assert!(shown(Some(0), false, 0).contains("stays down"));
        assert!(shown(Some(200), false, 0).contains("started again"));
    }

    #[test]
    fn quiet_lines_are_hidden_and_unknown_ones_shown() {
        assert_eq!(shown(r#"{"level":"INFO","message":"listening"}"#), None);
        assert_eq!(shown("thread panicked").as_deref(), Some("thread panicked"));
        assert_eq!(shown("17").as_deref(), Some("17"));
    }
}

//! How much a log line matters.

use serde::Serialize;
use serde_json::Value;

/// The level of a line, as most loggers name them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Members of a JSON line that hold its level: of tracing and pino, Google, Python, ECS and Serilog.
const MEMBERS: [&str; 6] = ["level", "severity", "levelname", "log.level", "@l", "lvl"];

/// How many words of a text line may stand before its level: date, time, zone.
const MAX_WORDS_BEFORE: usize = 4;

impl Level {
    /// The level that a line names; none where it names none.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(members)) => {
                MEMBERS.iter().find_map(|name| members.get(*name)).and_then(Self::of_member)
            }
            _ => line.split_whitespace().take(MAX_WORDS_BEFORE + 1).find_map(Self::of_word),
        }
    }

    /// A name, or a number as pino writes it.
    fn of_member(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) => Self::named(name),
            Value::Number(number) => Some(match number.as_f64()? {
                ..20.0 => Self::Trace,
                20.0..30.0 => Self::Debug,
                30.0..40.0 => Self::Info,
                40.0..50.0 => Self::Warn,
                _ => Self::Error,
            }),
            _ => None,
        }
    }

    /// A word counts where it is set apart from a sentence: `ERROR`, `[warn]`, `info:`, `Error:`.
    fn of_word(word: &str) -> Option<Self> {
        let name = word.trim_matches(|letter: char| !letter.is_alphabetic());
        let is_apart =
            name.chars().all(char::is_uppercase) || word.starts_with(['[', '<']) || word.ends_with(':');
        is_apart.then(|| Self::named(name)).flatten()
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "trace" | "trce" | "verbose" => Self::Trace,
            "debug" | "dbug" | "dbg" => Self::Debug,
            "info" | "information" | "notice" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" | "fail" | "critical" | "crit" | "fatal" | "panic" | "alert" | "emergency" => {
                Self::Error
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Level::{self, Debug, Error, Info, Trace, Warn};

    #[test]
    fn the_level_of_a_line_is_read_as_loggers_write_it() {
        for (line, level) in [
            (r#"{"timestamp":"2026-03-02T12:00:00Z","level":"INFO","message":"m"}"#, Some(Info)),
            (r#"{"level":50,"time":1,"msg":"m"}"#, Some(Error)),
            (r#"{"level":10,"msg":"m"}"#, Some(Trace)),
            (r#"{"severity":"WARNING"}"#, Some(Warn)),
            (r#"{"@l":"Fatal"}"#, Some(Error)),
            (r#"{"message":"an ERROR in a text"}"#, None),
            (r#"{"level":{"a":1}}"#, None),
            ("2026-03-02 12:00:00,123 DEBUG app: m", Some(Debug)),
            ("2026-03-02T12:00:00Z  WARN app::module: m", Some(Warn)),
            ("[error] m", Some(Error)),
            ("Error: m", Some(Error)),
            ("warn: m", Some(Warn)),
            ("an error is no level in a sentence", None),
            ("one two three four five ERROR", None),
            ("", None),
        ] {
            assert_eq!(Level::of_line(line), level, "{line}");
        }
    }
}

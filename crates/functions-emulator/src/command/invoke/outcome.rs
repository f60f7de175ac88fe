//! What became of a call, for people and for programs.

use std::io::{self, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

/// The end of a call.
pub(super) struct Outcome {
    function: String,
    trigger: String,
    record: CallRecord,
    body: Option<Vec<u8>>,
}

/// What the emulator remembers of the call.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CallRecord {
    function: Option<String>,
    invocation: Option<String>,
    duration: Option<f64>,
    status: Option<u16>,
    succeeded: Option<bool>,
    trace: Option<String>,
    answer: Option<Answer>,
    logs: Vec<String>,
    faults: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    /// `200 OK`.
    head: String,
    headers: Vec<(String, String)>,
}

impl Outcome {
    /// The answer of an HTTP function.
    pub(super) fn answered(function: &str, record: Value) -> Self {
        let body = record["wholeBody"].as_str().and_then(|body| STANDARD.decode(body).ok());
        Self { body, ..Self::ended(function, "httpTrigger", record) }
    }

    /// The end of a function without an HTTP caller.
    pub(super) fn ended(function: &str, trigger: &str, record: Value) -> Self {
        let record = serde_json::from_value(record).unwrap_or_default();
        Self { function: function.to_owned(), trigger: trigger.to_owned(), record, body: None }
    }

    pub(super) fn succeeded(&self) -> bool {
        match &self.record.answer {
            Some(_) => self.body.is_some() && self.record.status.is_some_and(|status| status < 400),
            None => self.record.succeeded == Some(true),
        }
    }

    /// Prints the answer or the outcome on stdout; for people the logs and faults on stderr.
    pub(super) fn print(&self, json: bool) {
        let mut out = io::stdout().lock();
        // A closed pipe, such as that of `head`, is no failure of the function.
        let written = if json { writeln!(out, "{:#}", self.json()) } else { self.text(&mut out) };
        written.ok();
        drop(out);
        if !json {
            self.print_notes();
        }
    }

    fn json(&self) -> Value {
        let text = self.body.as_deref().map(std::str::from_utf8);
        let base64 = self.body.as_ref().filter(|_| matches!(text, Some(Err(_))));
        json!({
            "function": self.function,
            "trigger": self.trigger,
            "succeeded": self.succeeded(),
            "status": self.record.answer.as_ref().and(self.record.status),
            "headers": self.record.answer.as_ref().map_or(&[][..], |answer| &answer.headers[..]),
            "body": text.and_then(Result::ok),
            "bodyBase64": base64.map(|body| STANDARD.encode(body)),
            "milliseconds": self.record.duration,
            "invocation": self.record.invocation,
            "trace": self.record.trace,
            "logs": self.record.logs,
            "faults": self.record.faults,
        })
    }

    fn text(&self, out: &mut impl io::Write) -> io::Result<()> {
        let Some(answer) = &self.record.answer else {
            let how = if self.succeeded() { "succeeded" } else { "failed" };
            return writeln!(
                out,
                "{} {how} in {} ms",
                self.function,
                self.record.duration.unwrap_or_default()
            );
        };
        writeln!(out, "{}", answer.head)?;
        for (name, value) in &answer.headers {
            writeln!(out, "{name}: {value}")?;
        }
        let body = self.body.as_deref().unwrap_or_default();
        if !body.is_empty() {
            writeln!(out)?;
            out.write_all(body)?;
        }
        if body.last().is_some_and(|last| *last != b'\n') { writeln!(out) } else { Ok(()) }
    }

    fn print_notes(&self) {
        match &self.record.function {
            Some(function) if *function == self.function => {}
            Some(function) => eprintln!("note: the path led to the function {function}"),
            None => eprintln!("note: the call reached no function"),
        }
        for line in &self.record.logs {
            eprintln!("log: {line}");
        }
        for fault in &self.record.faults {
            eprintln!("fault: {fault}");
        }
    }
}

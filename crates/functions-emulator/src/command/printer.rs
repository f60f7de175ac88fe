//! Prints events: for users, in colours on a terminal alone, or as a JSON object a line.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use functions_emulator::Event;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For users
    Text,
    /// For programs: an object a line, on stdout
    Json,
}

/// Prints what happens; copies print alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    format: LogFormat,
    quiet: bool,
    coloured: bool,
}

#[derive(Clone, Copy)]
enum Colour {
    Plain,
    Dim,
    Yellow,
    Red,
}

/// A line of an event.
struct Line {
    text: String,
    colour: Colour,
    /// Whether the line is printed even with `--quiet`, and on stderr.
    loud: bool,
}

impl Printer {
    /// `quiet` prints only errors and the host's address.
    pub(super) fn new(format: LogFormat, quiet: bool) -> Self {
        let coloured = std::io::stdout().is_terminal()
            && std::io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { format, quiet, coloured }
    }

    /// Prints every event until there are no more.
    pub(super) async fn follow(self, mut events: Receiver<Event>) {
        loop {
            match events.recv().await {
                Ok(event) => self.event(&event),
                Err(RecvError::Lagged(missed)) => self.line(&format!("({missed} events not shown)")),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Prints a line that is no event.
    pub(super) fn line(self, text: &str) {
        match self.format {
            LogFormat::Json => out(&json!({ "event": "message", "text": text }).to_string()),
            LogFormat::Text if !self.quiet => out(text),
            LogFormat::Text => {}
        }
    }

    /// Prints an error, even with `quiet`.
    pub(super) fn error(self, text: &str) {
        match self.format {
            LogFormat::Json => self.line(text),
            LogFormat::Text => {
                let line = Line { text: text.to_owned(), colour: Colour::Red, loud: true };
                writeln!(io::stderr(), "{}", self.painted(&line)).ok();
            }
        }
    }

    /// Prints where the host is, and with it that it can be called.
    pub(super) fn ready(self, url: &str, hint: &str) {
        match self.format {
            LogFormat::Json => out(&json!({ "event": "ready", "url": url }).to_string()),
            LogFormat::Text => out(&format!("ready on {url}{hint}")),
        }
    }

    fn event(self, event: &Event) {
        if self.format == LogFormat::Json {
            return out(&as_json(event).to_string());
        }
        let line = as_line(event);
        if line.loud {
            writeln!(io::stderr(), "{}", self.painted(&line)).ok();
        } else if !self.quiet {
            out(&self.painted(&line));
        }
    }

    fn painted(self, line: &Line) -> String {
        let code = match line.colour {
            _ if !self.coloured => return line.text.clone(),
            Colour::Plain => return line.text.clone(),
            Colour::Dim => 2,
            Colour::Yellow => 33,
            Colour::Red => 31,
        };
        format!("\u{1b}[{code}m{}\u{1b}[0m", line.text)
    }
}

/// A closed pipe, such as that of `head`, stops nothing.
fn out(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

fn as_line(event: &Event) -> Line {
    let quiet = |text, colour| Line { text, colour, loud: false };
    let loud = |text, colour| Line { text, colour, loud: true };
    match event {
        Event::Output { stderr: false, line } => quiet(format!("  {line}"), Colour::Dim),
        Event::Output { stderr: true, line } => loud(format!("! {line}"), Colour::Red),
        Event::Invoked { function, id, status, duration, .. } => {
            let colour = if *status < 400 { Colour::Plain } else { Colour::Yellow };
            quiet(format!("{function} {status} {} ms {id}", duration.as_millis()), colour)
        }
        Event::ProtocolViolation { function, what } => loud(format!("{function}: {what}"), Colour::Yellow),
        Event::Warning { what } => loud(what.clone(), Colour::Yellow),
        Event::Poisoned { queue, id } => {
            loud(format!("message {id} of {queue} was moved to {queue}-poison"), Colour::Yellow)
        }
        Event::QueuesUnavailable { why } => loud(why.clone(), Colour::Red),
        Event::QueuesAvailable => loud("the queue server answers again".to_owned(), Colour::Plain),
        Event::WorkerStarted { pid } => quiet(format!("worker started, process {pid}"), Colour::Plain),
        Event::WorkerReady { after } => {
            quiet(format!("worker ready after {} ms", after.as_millis()), Colour::Plain)
        }
        // The host itself ended it.
        Event::WorkerExited { code: None, strike: false, .. } => {
            quiet("worker ended".to_owned(), Colour::Dim)
        }
        Event::WorkerExited { code, strikes, .. } => {
            let how = code.map_or("by a signal".to_owned(), |code| format!("with code {code}"));
            loud(format!("worker ended {how}; {strikes} of 3 strikes"), Colour::Red)
        }
        Event::InstanceEnded => {
            loud("three strikes: this host instance is over, the next one starts".to_owned(), Colour::Red)
        }
    }
}

fn as_json(event: &Event) -> Value {
    match event {
        Event::Output { stderr, line } => json!({ "event": "output", "stderr": stderr, "line": line }),
        Event::Invoked { function, id, status, succeeded, duration } => json!({
            "event": "invoked", "function": function, "id": id, "status": status, "succeeded": succeeded,
            "milliseconds": u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }),
        Event::ProtocolViolation { function, what } => {
            json!({ "event": "protocolViolation", "function": function, "what": what })
        }
        Event::Warning { what } => json!({ "event": "warning", "what": what }),
        Event::Poisoned { queue, id } => json!({ "event": "poisoned", "queue": queue, "id": id }),
        Event::QueuesUnavailable { why } => json!({ "event": "queuesUnavailable", "why": why }),
        Event::QueuesAvailable => json!({ "event": "queuesAvailable" }),
        Event::WorkerStarted { pid } => json!({ "event": "workerStarted", "pid": pid }),
        Event::WorkerReady { after } => json!({
            "event": "workerReady", "milliseconds": u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        }),
        Event::WorkerExited { code, strike, strikes } => {
            json!({ "event": "workerExited", "code": code, "strike": strike, "strikes": strikes })
        }
        Event::InstanceEnded => json!({ "event": "instanceEnded" }),
    }
}

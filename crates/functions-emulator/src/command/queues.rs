//! `functions-emulator queues`: the queues of the running emulator.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    failure::{EXIT_CODES, Failure},
    input::Input,
    overview::Overview,
    running::{Address, RunningEmulator},
    similar::{similar, unknown},
};

const EXAMPLES: &str = "\
Examples:
  functions-emulator queues list
  functions-emulator queues peek jobs-poison --json
  functions-emulator queues put jobs --data '{\"name\": \"a job\"}' --delay 30
  functions-emulator queues put jobs --example queue-json
  functions-emulator queues purge jobs-poison";

/// What to do with the queues.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show each queue that the app names or that holds messages
    List(Options),
    /// Show the messages of a queue and leave them there
    Peek {
        /// The queue's name
        queue: String,
        #[command(flatten)]
        options: Options,
    },
    /// Put a message, as a sender outside the app would
    Put(NewMessage),
    /// Remove all messages of a queue
    Purge {
        /// The queue's name
        queue: String,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Debug, clap::Args)]
struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

#[derive(Debug, clap::Args)]
struct NewMessage {
    /// The queue's name; a queue that is not there is made
    queue: String,
    #[command(flatten)]
    input: Input,
    /// Put the text unchanged, even if host.json names an encoding
    #[arg(long)]
    raw: bool,
    /// Seconds until the message can be seen
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    delay: u64,
    #[command(flatten)]
    options: Options,
}

/// A queue, as the console's interface shows it and `--json` prints it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    name: String,
    read_by: Option<String>,
    is_poison: bool,
    visible: u64,
    hidden: u64,
    #[serde(skip_serializing)]
    messages: Vec<Value>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.action {
        Action::List(options) => list(options).await,
        Action::Peek { queue, options } => peek(queue, options).await,
        Action::Put(message) => put(message).await,
        Action::Purge { queue, options } => purge(queue, options).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn list(options: &Options) -> Result<(), Failure> {
    let queues = all(&RunningEmulator::connect(&options.address).await?).await?;
    if options.json {
        print(&format!("{:#}", json!(queues)));
        return Ok(());
    }
    let width = queues.iter().map(|queue| queue.name.len()).max().unwrap_or_default().max("QUEUE".len());
    print(&format!("{:<width$}  {:>7}  {:>6}  READ BY", "QUEUE", "VISIBLE", "HIDDEN"));
    for Queue { name, visible, hidden, read_by, .. } in &queues {
        let reader = read_by.as_deref().unwrap_or("-");
        print(&format!("{name:<width$}  {visible:>7}  {hidden:>6}  {reader}"));
    }
    Ok(())
}

async fn peek(name: &str, options: &Options) -> Result<(), Failure> {
    let queue = find(&RunningEmulator::connect(&options.address).await?, name).await?;
    if options.json {
        print(&format!("{:#}", json!(queue.messages)));
        return Ok(());
    }
    for message in &queue.messages {
        let hidden = if message["hidden"] == true { ", hidden" } else { "" };
        let (id, text) = (message["id"].as_str(), message["text"].as_str());
        print(&format!("{} (dequeue count {}{hidden})", id.unwrap_or_default(), message["dequeueCount"]));
        print(text.unwrap_or_default());
    }
    Ok(())
}

async fn put(message: &NewMessage) -> Result<(), Failure> {
    let text = message.input.read_text()?;
    let text =
        text.ok_or_else(|| Failure::Usage("give the message: --data, --data-file or --example".to_owned()))?;
    let emulator = RunningEmulator::connect(&message.options.address).await?;
    let overview = Overview::of(&emulator).await?;
    let wanted = json!({ "text": text, "raw": message.raw, "delaySeconds": message.delay });
    let answer = emulator.post(&["queues", &message.queue, "messages"], &wanted).await?;
    if !overview.read_queues().any(|queue| queue.eq_ignore_ascii_case(&message.queue)) {
        let meant = similar(&message.queue, overview.read_queues());
        let meant = meant.map_or_else(String::new, |queue| format!("; did you mean `{queue}`?"));
        eprintln!("note: no function reads the queue {}{meant}", message.queue);
    }
    print(&if message.options.json { answer.to_string() } else { plain(&answer["id"]) });
    Ok(())
}

async fn purge(name: &str, options: &Options) -> Result<(), Failure> {
    let emulator = RunningEmulator::connect(&options.address).await?;
    let queue = find(&emulator, name).await?;
    emulator.delete(&["queues", &queue.name, "messages"]).await?;
    let removed = queue.visible + queue.hidden;
    print(&if options.json {
        json!({ "queue": queue.name, "removed": removed }).to_string()
    } else {
        format!("{removed} messages removed from {}", queue.name)
    });
    Ok(())
}

async fn all(emulator: &RunningEmulator) -> Result<Vec<Queue>, Failure> {
    let queues = emulator.get(&["queues"]).await?;
    serde_json::from_value(queues).map_err(|_| Failure::other_version())
}

async fn find(emulator: &RunningEmulator, name: &str) -> Result<Queue, Failure> {
    let mut queues = all(emulator).await?;
    match queues.iter().position(|queue| queue.name.eq_ignore_ascii_case(name)) {
        Some(at) => Ok(queues.swap_remove(at)),
        None => Err(Failure::Usage(unknown("queue", name, queues.iter().map(|queue| queue.name.as_str())))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A closed pipe, such as that of `head`, is no failure.
fn print(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

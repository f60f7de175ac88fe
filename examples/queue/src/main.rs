//! From HTTP through a queue to a timer.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use azure_functions_handler::{
    Functions, InvocationFailed, Json, Outputs, QueueMessage, State, post, queue_output, timer,
};
use serde::{Deserialize, Serialize};

/// Jobs that were done since the last report.
type Done = Arc<AtomicU64>;

#[derive(Deserialize, Serialize)]
struct Job {
    steps: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    functions().run(Done::default()).await
}

fn functions() -> Functions<Done> {
    let report = timer("0 */5 * * * *").output(queue_output("reports", "reports"));
    Functions::<Done>::new()
        .http("Submit", post("jobs").output(queue_output("jobs", "jobs")), submit)
        .queue("Work", "jobs", work)
        .timer("Report", report, send_report)
}

async fn submit(Json(job): Json<Job>) -> Result<(Outputs, Json<Job>), InvocationFailed> {
    Ok((Outputs::new().json("jobs", &job)?, Json(job)))
}

async fn work(State(done): State<Done>, message: QueueMessage<Json<Job>>) {
    done.fetch_add(message.payload.0.steps, Ordering::Relaxed);
}

async fn send_report(State(done): State<Done>) -> Outputs {
    Outputs::new().message("reports", format!("{} steps", done.swap(0, Ordering::Relaxed)))
}

#[cfg(test)]
mod tests;

//! Two HTTP functions, and a queue function that takes what one of them sends.

use std::process::ExitCode;

use azure_functions_handler::{
    Functions, InvocationFailed, Json, Outputs, Path, QueueMessage, get, post, queue_output,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Job {
    name: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    functions().run(()).await
}

/// Every function of the app. After a change, `cargo run -- function-json` writes the folders that the host reads.
fn functions() -> Functions<()> {
    Functions::<()>::new()
        .http("Hello", get("hello/{name}"), hello)
        .http("Submit", post("jobs").output(queue_output("jobs", "jobs")), submit)
        .queue("Work", "jobs", work)
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

async fn submit(Json(job): Json<Job>) -> Result<(Outputs, &'static str), InvocationFailed> {
    Ok((Outputs::new().json("jobs", &job)?, "submitted"))
}

async fn work(message: QueueMessage<Json<Job>>) {
    println!("working on {}", message.payload.0.name);
}

#[cfg(test)]
mod tests;

use azure_functions_handler::{Functions, Logs, get};

async fn log(_: Logs, _: Logs, _: Logs, _: Logs, _: Logs, _: Logs, _: Logs, _: Logs, _: Logs) {}

fn main() {
    let _ = Functions::<()>::new().http("Log", get("log"), log);
}

use azure_functions_handler::{Functions, State, get};

#[derive(Clone)]
struct App;

#[derive(Clone)]
struct Clock;

async fn now(State(_clock): State<Clock>) -> &'static str {
    "now"
}

fn functions() -> Functions<App> {
    Functions::new().http("Now", get("now"), now)
}

fn main() {
    let _ = functions();
}

use azure_functions_handler::{Functions, State, get};

#[derive(Clone)]
struct App;

#[derive(Clone)]
struct Clock;

async fn now(State(_clock): State<Clock>) -> &'static str {
    "now"
}

fn main() {
    let _ = Functions::<App>::new().http("Now", get("now"), now);
}

use azure_functions_handler::{Functions, get};

async fn greet(count: u32) -> String {
    count.to_string()
}

fn main() {
    let _ = Functions::<()>::new().http("Greet", get("greet"), greet);
}

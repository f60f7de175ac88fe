use azure_functions_handler::{Functions, Path, get};

fn greet(Path(name): Path<String>) -> String {
    name
}

fn main() {
    let _ = Functions::<()>::new().http("Greet", get("greet/{name}"), greet);
}

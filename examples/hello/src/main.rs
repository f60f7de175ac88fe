//! An HTTP function.

use std::process::ExitCode;

use azure_functions_handler::{Functions, Path, get};

#[tokio::main]
async fn main() -> ExitCode {
    functions().run(()).await
}

fn functions() -> Functions<()> {
    Functions::<()>::new().http("Hello", get("hello/{name}"), hello)
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

#[cfg(test)]
mod tests;

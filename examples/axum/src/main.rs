//! A router of axum as one function, below the route prefix `api`.

use std::process::ExitCode;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use azure_functions_handler::{Functions, any};

#[tokio::main]
async fn main() -> ExitCode {
    functions().run(()).await
}

fn functions() -> Functions<()> {
    Functions::<()>::new().http_service("Site", any("{*path}"), site())
}

fn site() -> Router {
    let api =
        Router::new().route("/hello/{name}", get(hello)).route("/echo", post(async |body: String| body));
    Router::new().nest("/api", api)
}

/// Within the router, axum's own extractors work.
async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

#[cfg(test)]
mod tests;

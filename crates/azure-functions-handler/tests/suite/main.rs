//! The crate through its public interface.

mod arguments;
mod bounds;
mod deployment;
mod endings;
mod errors;
mod modes;
mod recordings;
mod registration;
mod settings;
mod spans;
mod triggers;

use azure_functions_handler::{Functions, TestApp};

/// An app of functions without a state.
fn app(functions: &Functions<()>) -> TestApp {
    TestApp::new(functions.all().expect("registrations are right").with_state(()))
}

/// A request with this body.
fn request(
    method: &str,
    path: &str,
    body: impl Into<axum_core::body::Body>,
) -> http::Request<axum_core::body::Body> {
    http::Request::builder().method(method).uri(path).body(body.into()).expect("a request")
}

use azure_functions_handler::{InvocationMode, TestApp};
use http::{Request, header::CONTENT_TYPE};

use super::functions;

fn app() -> TestApp {
    TestApp::new(functions().all().expect("the registrations are right").with_state(()))
}

#[test]
fn the_folders_say_what_is_registered() {
    functions().check_function_json(env!("CARGO_MANIFEST_DIR")).expect("run `cargo run -- function-json`");
}

#[tokio::test]
async fn hello_responds_in_every_mode() {
    for mode in InvocationMode::ALL {
        let request = Request::get("/api/hello/Ada").body(String::new()).expect("a request");
        assert_eq!(app().http(mode, request).await.text(), "Hello, Ada!", "{mode:?}");
    }
}

#[tokio::test]
async fn a_job_goes_through_the_queue() {
    let request = Request::post("/api/jobs").header(CONTENT_TYPE, "application/json");
    let request = request.body(r#"{"name":"first"}"#.to_owned()).expect("a request");
    let submitted = app().http(InvocationMode::Proxy, request).await;
    assert_eq!(submitted.text(), "submitted");
    for message in submitted.outcome.messages("jobs") {
        assert!(app().queue("Work", message).await.succeeded);
    }
}

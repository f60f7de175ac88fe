use azure_functions_handler::{InvocationMode, TestApp};
use http::{Request, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{Done, functions};

#[test]
fn the_folder_is_as_the_functions_are_registered() {
    functions().check_function_json(env!("CARGO_MANIFEST_DIR")).expect("what is registered");
}

#[tokio::test]
async fn what_is_submitted_is_done_and_reported_in_every_mode() {
    let app = TestApp::new(functions().all().expect("right").with_state(Done::default()));
    for mode in InvocationMode::ALL {
        let request = Request::post("/api/jobs").header(CONTENT_TYPE, "application/json");
        let request = request.body(json!({"steps": 7}).to_string()).expect("a request");
        let submitted = app.http(mode, request).await;
        assert_eq!(submitted.json::<Value>(), json!({"steps": 7}), "{mode:?}");
        for message in submitted.outcome.messages("jobs") {
            assert!(app.queue("Work", message).await.succeeded, "{mode:?}");
        }
        assert_eq!(app.timer("Report").await.messages("reports"), ["7 steps"], "{mode:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_no_job_is_delivered_again() {
    let app = TestApp::new(functions().all().expect("right").with_state(Done::default()));
    assert!(!app.queue("Work", "seven").await.succeeded);
}

use azure_functions_handler::{InvocationMode, TestApp};
use http::{Request, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{Done, functions};

#[test]
fn function_json_matches_the_registered_functions() {
    functions().check_function_json(env!("CARGO_MANIFEST_DIR")).expect("what is registered");
}

#[tokio::test]
async fn submitted_jobs_are_processed_in_every_mode() {
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
async fn an_invalid_job_is_retried() {
    let app = TestApp::new(functions().all().expect("right").with_state(Done::default()));
    assert!(!app.queue("Work", "seven").await.succeeded);
}

use azure_functions_handler::{InvocationMode, TestApp};
use http::Request;

use super::functions;

#[test]
fn function_json_matches_the_registered_functions() {
    functions().check_function_json(env!("CARGO_MANIFEST_DIR")).expect("what is registered");
}

#[tokio::test]
async fn hello_responds_in_every_mode() {
    let app = TestApp::new(functions().all().expect("right").with_state(()));
    for mode in InvocationMode::ALL {
        let request = Request::get("/api/hello/Ada%20L").body(String::new()).expect("a request");
        assert_eq!(app.http(mode, request).await.text(), "Hello, Ada L!", "{mode:?}");
    }
}

use azure_functions_handler::{InvocationMode, TestApp};
use http::Request;

use super::functions;

#[test]
fn function_json_matches_the_registered_functions() {
    functions().check_function_json(env!("CARGO_MANIFEST_DIR")).expect("what is registered");
}

#[tokio::test]
async fn the_router_responds_in_every_mode() {
    let app = TestApp::new(functions().all().expect("right").with_state(()));
    for mode in InvocationMode::ALL {
        let call = async |method, path, body: &str| {
            let request =
                Request::builder().method(method).uri(path).body(body.to_owned()).expect("a request");
            let response = app.http(mode, request).await;
            (response.status.as_u16(), response.text().to_owned())
        };
        assert_eq!(call("GET", "/api/hello/Ada", "").await, (200, "Hello, Ada!".to_owned()), "{mode:?}");
        assert_eq!(call("POST", "/api/echo", "again").await, (200, "again".to_owned()), "{mode:?}");
        assert_eq!(call("GET", "/api/nothing", "").await.0, 404, "{mode:?}");
    }
}

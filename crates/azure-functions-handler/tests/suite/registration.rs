//! What is refused before anything is served.

use azure_functions_handler::{Functions, RegistrationError, any, get, post, put, queue, queue_output};

fn errors(functions: &Functions<()>) -> Vec<RegistrationError> {
    functions.all().err().map(|errors| errors.0).unwrap_or_default()
}

async fn nothing() {}

#[test]
fn a_route_that_outsiders_could_use_to_forge_a_message_is_refused() {
    for route in ["{*path}", "{name}", "{name?}", "take"] {
        let functions = Functions::new()
            .route_prefix("")
            .http("Open", any(route), nothing)
            .queue("Take", "jobs", nothing);
        let expected = RegistrationError::ShadowsEnvelope { http: "Open", function: "Take" };
        assert_eq!(errors(&functions), std::slice::from_ref(&expected), "{route}");
        assert!(expected.to_string().contains("issues/6251"), "{expected}");
    }
}

#[test]
fn a_catch_all_below_a_prefix_and_routes_for_other_methods_are_safe() {
    let with_prefix = Functions::new().http("Open", any("{*path}"), nothing).queue("Take", "jobs", nothing);
    assert_eq!(errors(&with_prefix), []);
    let reads = Functions::new()
        .route_prefix("")
        .http("Open", get("{*path}"), nothing)
        .queue("Take", "jobs", nothing);
    assert_eq!(errors(&reads), []);
    let alone = Functions::new().route_prefix("").http("Open", any("{*path}"), nothing);
    assert_eq!(errors(&alone), []);
}

#[test]
fn an_http_function_with_outputs_is_called_with_envelopes_too() {
    let output = queue_output("jobs", "jobs");
    let functions = Functions::new().route_prefix("").http("Open", any("{*path}"), nothing).http(
        "Submit",
        put("submit/jobs").output(output),
        nothing,
    );
    assert_eq!(errors(&functions), [RegistrationError::ShadowsEnvelope { http: "Open", function: "Submit" }]);
}

#[test]
fn every_contradiction_is_told_at_once() {
    let functions = Functions::new()
        .http("1st", get("a"), nothing)
        .http("Same", get("things/{id}"), nothing)
        .http("same", get("other"), nothing)
        .http("Twin", any("Things/{name:int}"), nothing)
        .http("Slash", post("/a"), nothing)
        .queue("Take", queue("jobs").output(queue_output("message", "jobs")), nothing);
    assert_eq!(
        errors(&functions),
        [
            RegistrationError::Name("1st"),
            RegistrationError::Duplicate("same"),
            RegistrationError::SameRoute("Same", "Twin"),
            RegistrationError::Route { function: "Slash", route: "/a" },
            RegistrationError::Binding { function: "Take", binding: "message" },
        ]
    );
}

//! What is refused before anything is served.

use azure_functions_handler::{
    AuthLevel, Functions, RegistrationError, any, get, methods, other, other_output, post, put, queue,
    queue_output, timer,
};
use http::Method;

fn errors(functions: &Functions<()>) -> Vec<RegistrationError> {
    functions.all().err().map(|errors| errors.0).unwrap_or_default()
}

async fn nothing() {}

#[test]
fn routes_that_could_forge_messages_are_rejected() {
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
fn routes_that_could_forge_requests_are_rejected() {
    let functions = Functions::new().route_prefix("").http("Open", post("{*path}"), nothing).http(
        "Guarded",
        get("things/{id}").auth_level(AuthLevel::Admin),
        nothing,
    );
    assert_eq!(
        errors(&functions),
        [RegistrationError::ShadowsEnvelope { http: "Open", function: "Guarded" }]
    );
}

#[test]
fn prefixed_catch_alls_and_other_methods_are_safe() {
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
fn http_functions_with_outputs_get_envelopes() {
    let output = queue_output("jobs", "jobs");
    let functions = Functions::new().route_prefix("").http("Open", post("{*path}"), nothing).http(
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
        .http("Twin", any("Things/{name}"), nothing)
        .http("Slash", post("/a"), nothing)
        .queue("Take", queue("jobs").output(queue_output("message", "jobs")), nothing);
    assert_eq!(
        errors(&functions),
        [
            RegistrationError::Name("1st"),
            RegistrationError::Duplicate("same"),
            RegistrationError::Route {
                function: "Slash",
                route: "/a",
                why: "no slash may begin it, and no two stand side by side",
            },
            RegistrationError::Binding { function: "Take", binding: "message" },
        ]
    );
}

#[test]
fn a_function_that_another_one_hides_is_refused() {
    let hidden = |function, route| vec![RegistrationError::Hidden { function, route, by: "All" }];
    for (trigger, expected) in [
        (get("things/new"), hidden("New", "things/new")),
        (get("THINGS/{id:int}"), hidden("New", "THINGS/{id:int}")),
        (any("things/{*rest}"), vec![]),
        (post("things/new"), vec![]),
        (get("others/new"), vec![]),
    ] {
        let functions =
            Functions::new().http("All", get("things/{id}"), nothing).http("New", trigger, nothing);
        assert_eq!(errors(&functions), expected);
    }
    let sorted =
        Functions::new().http("Z", get("things/{id}"), nothing).http("New", get("things/new"), nothing);
    assert_eq!(errors(&sorted), []);
    let same = Functions::new().http("One", get("things/{id:guid}"), nothing).http(
        "Two",
        methods([Method::GET, Method::PUT], "Things/{id:guid}/"),
        nothing,
    );
    assert!(matches!(errors(&same)[..], [RegistrationError::Hidden { function: "Two", by: "One", .. }]));
}

#[test]
fn routes_may_differ_only_by_evaluated_constraints() {
    let both =
        |one, two| errors(&Functions::new().http("One", get(one), nothing).http("Two", get(two), nothing));
    for (one, two) in [("a/{x:guid}", "a/{x}"), ("a/{x:length(3)}", "a/new"), ("a/{x:regex(^b$)}", "{y}/b")] {
        assert_eq!(both(one, two), [RegistrationError::Undecided("One", "Two")], "{one} {two}");
    }
    for (one, two) in [("a/{x:int}", "a/{x}"), ("a/{x:int}", "a/{x:alpha}"), ("a/{x:guid}", "a/new")] {
        assert_eq!(both(one, two), [], "{one} {two}");
    }
}

#[test]
fn what_the_host_refuses_is_refused() {
    let trigger =
        |trigger: azure_functions_handler::HttpTrigger<()>| Functions::new().http("Fn", trigger, nothing);
    let output = |output| trigger(get("a").output(output));
    let another = |kind| Functions::new().other("Fn", other(kind), nothing);
    let queue_named = |name| Functions::new().queue("Fn", queue(name), nothing);
    let scheduled = |schedule| Functions::new().timer("Fn", timer(schedule), nothing);
    let property = |name| Functions::new().other("Fn", other("blobTrigger").property(name, "x"), nothing);
    for (functions, words) in [
        (Functions::new().http("Host", get("a"), nothing), "not `host`"),
        (output(queue_output("my-jobs", "jobs")), "`my-jobs` cannot be named so"),
        (output(queue_output("$return", "jobs")), "`$return` cannot be named so"),
        (Functions::new().queue("Fn", queue("jobs").binding(""), nothing), "`` cannot be named so"),
        (trigger(get("a").binding("res")), "two bindings are named `res`"),
        (trigger(get("{x}/{X}")), "two of its parameters"),
        (trigger(get("admin/x")), "`admin` or `runtime`"),
        (trigger(get("Runtime")), "`admin` or `runtime`"),
        (trigger(get("a/{x:intt}")), "does not know a constraint"),
        (trigger(get("a//b")), "side by side"),
        (trigger(get("café")), "a literal segment has"),
        (trigger(get("a b")), "a literal segment has"),
        (trigger(get("")).route_prefix(""), "the function's name"),
        (trigger(get("")), "the function's name"),
        (queue_named("Jobs_Not-Valid"), "no name of a queue"),
        (output(queue_output("jobs", "a")), "no name of a queue"),
        (scheduled("every minute"), "no schedule"),
        (another("httpTrigger"), "`Functions::http`"),
        (another("QueueTrigger"), "`Functions::queue`"),
        (another("timerTrigger"), "`Functions::timer`"),
        (another("blob"), "ends with `Trigger`"),
        (output(other_output("copy", "http")), "its output `res`"),
        (output(other_output("copy", "queue")), "`queue_output`"),
        (output(other_output("copy", "blobTrigger")), "type of a trigger"),
        (property("type"), "property `type` of `trigger`"),
        (property("Name"), "property `Name` of `trigger`"),
        (property("direction"), "property `direction` of `trigger`"),
        (output(other_output("copy", "blob").property("type", "x")), "property `type` of `copy`"),
        (
            output(queue_output("jobs", "jobs").property("dataType", "binary")),
            "property `dataType` of `jobs`",
        ),
    ] {
        let told = errors(&functions);
        assert!(told.len() == 1 && told[0].to_string().contains(words), "{words}: {told:?}");
    }
    for good in [
        queue_named("%QUEUE%"),
        scheduled("%SCHEDULE%"),
        scheduled("0 0 9 * * Mon-Fri"),
        trigger(get("a/b/")),
    ] {
        assert_eq!(errors(&good), []);
    }
}

//! Function folders: what the emulator refuses at its start is found before, by the same code.

use functions_lint::Level::{Fail, Warn};
use serde_json::{Value, json};

use crate::folder::{Folder, http_output, http_trigger, queue_trigger, told_once, untold};

/// HTTP functions with these names, routes and methods, and nothing else.
fn with_routes(functions: &[(&str, &str, Value)]) -> Folder {
    let empty = Folder::sound().without("Call").without("Take");
    functions.iter().fold(empty, |app, (name, route, methods)| {
        let mut trigger = http_trigger(route);
        trigger["methods"] = methods.clone();
        app.function(name, &[trigger, http_output()])
    })
}

fn all() -> Value {
    Value::Null
}

#[test]
fn a_route_that_hides_a_more_exact_one_is_told_with_both() {
    for (first, second) in [
        ("list/{kind}", "list/items"),
        ("{*rest}", "list/items"),
        ("{any}/items", "list/{kind}"),
        ("list/{kind}", "list/{id:int}"),
        ("list/{kind}", "list/{other}"),
        ("list/{kind?}", "list"),
    ] {
        let app = with_routes(&[("alpha", first, all()), ("beta", second, json!(["get"]))]);
        told_once(app, "route-overlap", Warn, &["alpha", "beta"]);
    }
}

#[test]
fn routes_that_work_as_meant_are_no_fault() {
    for (first, second) in [
        ("list/items", "list/{kind}"),
        ("list/items", "{*rest}"),
        ("list/{id:int}", "list/{name:alpha}"),
        ("list/{kind}", "lists/items"),
        ("list/{kind}", "list/items/all"),
    ] {
        let app = with_routes(&[("alpha", first, all()), ("beta", second, all())]);
        untold(app, "route-overlap");
    }
    let apart =
        with_routes(&[("alpha", "list/{kind}", json!(["get"])), ("beta", "list/items", json!(["post"]))]);
    untold(apart, "route-overlap");
    let never = with_routes(&[("alpha", "list/{kind}", json!([])), ("beta", "list/items", all())]);
    untold(never, "route-overlap");
}

#[test]
fn one_route_for_two_functions_leaves_the_second_out() {
    for (first, second) in [("things/{id}", "Things/{ID}"), ("things/{id}", "things/{id}/")] {
        let app = with_routes(&[("alpha", first, json!(["get"])), ("beta", second, json!(["get", "put"]))]);
        told_once(app, "route-conflict", Fail, &["beta", "alpha"]);
    }
    let apart = with_routes(&[("alpha", "things", json!(["get"])), ("beta", "things", json!(["put"]))]);
    untold(apart, "route-conflict");
}

#[test]
fn a_route_that_aspnet_refuses_fails_by_the_functions_name() {
    for route in ["search?term={term}", "/things/{id}", "things//{id}", "{a}{b}", "{*rest}/x"] {
        told_once(with_routes(&[("hello", route, all())]), "route-template", Fail, &["hello", "503"]);
    }
    let slash = with_routes(&[("hello", "x", all())]).host("/extensions/http", json!({"routePrefix": "v1/"}));
    told_once(slash, "route-template", Fail, &["hello"]);
    let leading = with_routes(&[("hello", "/x", all())]).host("/extensions/http", json!({"routePrefix": ""}));
    untold(leading, "route-template");
}

#[test]
fn the_hosts_own_words_are_kept_for_it() {
    for route in ["admin", "administrators/{id}", "Runtime/x", "/ADMIN/x/"] {
        told_once(with_routes(&[("people", route, all())]), "reserved-route", Fail, &["people"]);
    }
    for prefix in ["admin", "Admin/v1", "runtime"] {
        let app =
            with_routes(&[("hello", "x", all())]).host("/extensions/http", json!({"routePrefix": prefix}));
        told_once(app, "reserved-prefix", Warn, &["prefix"]);
    }
    let other = with_routes(&[("hello", "x", all())])
        .host("/extensions/http", json!({"routePrefix": "administrators"}));
    untold(other, "reserved-prefix");
}

#[test]
fn no_method_at_all_is_told() {
    told_once(with_routes(&[("none", "x", json!([]))]), "methods", Warn, &["none", "404"]);
    untold(with_routes(&[("all", "x", all())]), "methods");
}

fn scheduled(schedule: &str) -> Folder {
    let trigger = json!({"type": "timerTrigger", "direction": "in", "name": "tick", "schedule": schedule});
    Folder::sound().function("tick", &[trigger])
}

#[test]
fn schedules_are_read_as_the_host_reads_them() {
    for schedule in ["0 0 9 * * 7", "0 0 0 1/1 * ? *", "@daily", "0 0 9 L * *", "0 0 24 * * *", ""] {
        told_once(scheduled(schedule), "schedule", Fail, &["tick"]);
    }
    for (schedule, range) in [("0 0 9 * * FRI-MON", "FRI-MON"), ("0 0 22-6 * * *", "22-6")] {
        told_once(scheduled(schedule), "schedule-meaning", Warn, &["tick", range]);
    }
    for schedule in ["0 */5 * * * *", "25:00:00:00", "1.00:00:00", "00:05:00", "0 0 9 * * MON-FRI"] {
        untold(scheduled(schedule), "schedule");
        untold(scheduled(schedule), "schedule-meaning");
        untold(scheduled(schedule), "time-span-unit");
    }
    told_once(scheduled("24:00:00"), "time-span-unit", Warn, &["tick", "24 days"]);
}

#[test]
fn a_number_in_place_of_a_time_span_is_days() {
    for (pointer, name) in [
        ("/extensions/queues/maxPollingInterval", "maxPollingInterval"),
        ("/extensions/queues/visibilityTimeout", "visibilityTimeout"),
        ("/customHandler/initializationTimeout", "initializationTimeout"),
        ("/functionTimeout", "functionTimeout"),
    ] {
        told_once(Folder::sound().host(pointer, 5.into()), "time-span-unit", Warn, &[name, "5 days"]);
        told_once(Folder::sound().host(pointer, "5".into()), "time-span-unit", Warn, &[name, "days"]);
    }
    told_once(
        Folder::sound().host("/functionTimeout", 300.into()),
        "host-json-value",
        Fail,
        &["functionTimeout", "days"],
    );
    for (pointer, value) in [
        ("/extensions/queues/visibilityTimeout", json!("00:00:30")),
        ("/extensions/queues/visibilityTimeout", json!(0)),
        ("/functionTimeout", json!("00:10:00")),
    ] {
        untold(Folder::sound().host(pointer, value), "time-span-unit");
    }
    let healthy = || Folder::sound().host("/healthMonitor", json!({"healthCheckInterval": 30}));
    told_once(healthy(), "time-span-unit", Warn, &["healthMonitor.healthCheckInterval", "30 days"]);
    let singleton = Folder::sound().host("/singleton", json!({"lockPeriod": "15"}));
    told_once(singleton, "time-span-unit", Warn, &["singleton.lockPeriod", "15 days"]);
}

#[test]
fn numbers_of_host_json_have_limits() {
    for (pointer, value, name) in [
        ("/extensions/queues/batchSize", json!(64), "batchSize"),
        ("/extensions/queues/batchSize", json!("many"), "batchSize"),
        ("/extensions/queues/maxDequeueCount", json!(0), "maxDequeueCount"),
        ("/extensions/queues/newBatchThreshold", json!(-1), "newBatchThreshold"),
        ("/extensions/queues/messageEncoding", json!("utf8"), "messageEncoding"),
        ("/extensions/queues/maxPollingInterval", json!("00:00:00.05"), "maxPollingInterval"),
        ("/customHandler/port", json!(70000), "port"),
        ("/customHandler/enableForwardingHttpRequest", json!("yes"), "enableForwardingHttpRequest"),
    ] {
        told_once(Folder::sound().host(pointer, value), "host-json-value", Fail, &[name]);
    }
}

#[test]
fn a_queue_has_a_name_that_storage_takes() {
    for name in ["new_jobs", "x", "-jobs", "a--b", "jobs!"] {
        let mut trigger = queue_trigger();
        trigger["queueName"] = name.into();
        told_once(Folder::sound().function("onmessage", &[trigger]), "queue-name", Fail, &["onmessage"]);
    }
    let mut upper = queue_trigger();
    upper["queueName"] = "Jobs".into();
    untold(Folder::sound().function("onmessage", &[upper]), "queue-name");
}

#[test]
fn only_the_text_two_point_zero_is_a_version() {
    for version in [json!(2.0), json!("1.0"), json!("3.0"), json!("2"), Value::Null] {
        told_once(Folder::sound().host("/version", version), "host-json", Fail, &["version", "2.0"]);
    }
    let spelled = Folder::sound().host("/Version", "2.0".into()).host("/version", Value::Null);
    told_once(spelled, "host-json", Fail, &["version"]);
    for empty in ["{}", "// nothing yet\n{ }"] {
        untold(Folder::sound().file("host.json", empty), "host-json");
        told_once(
            Folder::sound().file("host.json", empty),
            "custom-handler",
            Fail,
            &["defaultExecutablePath"],
        );
    }
    let set = Folder::sound().host("/version", Value::Null).setting("AzureFunctionsJobHost__version", "2.0");
    told_once(set, "host-json", Fail, &["version"]);
}

#[test]
fn a_file_that_is_there_is_never_called_missing() {
    let commas = "{\"version\": \"2.0\", \"customHandler\": {\"description\": {\"defaultExecutablePath\": \"worker\"}},}";
    untold(Folder::sound().file("host.json", commas), "host-json");
    let broken = Folder::sound().file("host.json", "{\"version\" \"2.0\"}");
    let told = broken.told("host-json");
    assert!(
        matches!(told.as_slice(), [one] if one.is(Fail, &["line 1", "correct"]) && !one.is(Fail, &["put a"])),
        "{told:?}"
    );
}

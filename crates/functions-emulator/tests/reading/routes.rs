//! Routes, and prefixes before them.

use functions_emulator::app::TriggerKind;

use crate::{HOST, prefixed, with_triggers};

#[test]
fn an_empty_or_blank_route_is_the_functions_name() {
    for route in ["\"\"", "\"  \"", "null"] {
        let app = with_triggers(HOST, &[("hello", &format!("\"route\": {route}"))]).unwrap();
        assert!(
            matches!(&app.functions[0].trigger.kind, TriggerKind::Http { route, .. } if route == "hello"),
            "{route}"
        );
    }
}

#[test]
fn functions_with_one_route_and_method_conflict() {
    let refused = [
        [
            ("alpha", "\"route\": \"things/{id}\", \"methods\": [\"get\"]"),
            ("beta", "\"route\": \"/Things/{id}/\", \"methods\": [\"post\", \"get\"]"),
        ],
        [("alpha", "\"route\": \"x\""), ("Beta", "\"route\": \"X\", \"methods\": [\"get\"]")],
        [
            ("alpha", "\"route\": \"x\", \"methods\": []"),
            ("beta", "\"route\": \"x\", \"methods\": [\"get\"]"),
        ],
    ];
    for triggers in refused {
        let host = prefixed("\"\"");
        let refusal = with_triggers(&host, &triggers).unwrap_err();
        assert!(
            refusal.to_lowercase().starts_with("beta/function.json") && refusal.contains("of alpha"),
            "{refusal}"
        );
        assert!(refusal.contains("runs the others"), "{refusal}");
    }
    let fine = [
        [
            ("alpha", "\"route\": \"x\", \"methods\": [\"get\"]"),
            ("beta", "\"route\": \"x\", \"methods\": [\"post\"]"),
        ],
        [
            ("alpha", "\"route\": \"x\", \"methods\": [\"get\"]"),
            ("beta", "\"route\": \"x\", \"methods\": [\"GET\"]"),
        ],
        [("alpha", "\"route\": \"x/{id}\""), ("beta", "\"route\": \"x/{name}\"")],
    ];
    for triggers in fine {
        assert!(with_triggers(HOST, &triggers).is_ok(), "{triggers:?}");
    }
}

#[test]
fn a_template_that_asp_net_refuses_ends_the_whole_host() {
    let refused = [
        ("\"api\"", "/things/{id}"),
        ("\"api/\"", "things"),
        ("\"//api\"", "things"),
        ("\"api\"", "search?term={term}"),
        ("\"api\"", "things//{id}"),
        ("\"api\"", "{id:whole}"),
        ("\"\"", "//things"),
    ];
    for (prefix, route) in refused {
        let refusal = with_triggers(
            &prefixed(prefix),
            &[("bad", &format!("\"route\": \"{route}\"")), ("good", "\"route\": \"ok\"")],
        );
        let refusal = refusal.unwrap_err();
        assert!(
            refusal.contains("bad/function.json") && refusal.contains("route") && refusal.contains("503"),
            "{refusal}"
        );
    }
    for (prefix, route) in [
        ("\"\"", "/things"),
        ("\"/api\"", "things"),
        ("\"api\"", "things/"),
        ("\"a/b\"", "{a?}/b"),
        ("\"api\"", "~x"),
    ] {
        let app = with_triggers(&prefixed(prefix), &[("good", &format!("\"route\": \"{route}\""))]);
        assert!(app.is_ok(), "{prefix} {route}: {app:?}");
    }
}

#[test]
fn a_route_that_begins_as_the_hosts_own_is_refused() {
    for route in ["admin/x", "/Administrators", "runtime", "RUNTIMES/{id}"] {
        let refusal =
            with_triggers(&prefixed("\"\""), &[("users", &format!("\"route\": \"{route}\""))]).unwrap_err();
        assert!(refusal.contains("users/function.json"), "{refusal}");
    }
    assert!(with_triggers(HOST, &[("users", "\"route\": \"my/admin\"")]).is_ok());
}

//! Traps in routes: what lets a stranger call what only the host may.

use super::{Rule, Violation, fail, warn};
use crate::{App, app::FunctionFolder, binding};

pub(super) const RULES: &[&Rule] = &[&REACHABLE, &PREFIX];

const REACHABLE: Rule = Rule {
    id: "envelope-reachable",
    promise: "no route matches the path of a function that only the host may call",
    source: "https://github.com/Azure/azure-functions-host/issues/6251",
    find: |app| {
        let is_hidden = |function: &FunctionFolder| !function.is_http_only();
        app.functions.iter().any(is_hidden).then(|| reachable(app))
    },
};

fn reachable(app: &App) -> Vec<Violation> {
    if !app.route_prefix().is_empty() {
        return Vec::new();
    }
    let hidden: Vec<&str> = app
        .functions
        .iter()
        .filter(|function| !function.is_http_only())
        .map(|function| function.name.as_str())
        .collect();
    let direct = app.functions.iter().filter(|function| function.is_http_only());
    direct
        .filter(|function| {
            let route = function.http().map(|trigger| binding::route(trigger, &function.name));
            let leads = |route: String| hidden.iter().any(|name| leads_to(route.trim_matches('/'), name));
            route.is_some_and(leads)
        })
        .map(|function| {
            fail(
                format!("{}/function.json", function.name),
                "with an empty route prefix its route matches `/<name>` of another function, so that anyone can send \
                 that one an envelope",
                "set extensions.http.routePrefix to a word such as `api`, or take the first parameter out of the route",
            )
        })
        .collect()
}

/// Whether a route of one segment, or one that takes any number of them, can be this name.
fn leads_to(route: &str, name: &str) -> bool {
    match route.split_once('/') {
        Some((first, rest)) => first.starts_with('{') && rest.starts_with("{*"),
        None => route.starts_with('{') || route.eq_ignore_ascii_case(name),
    }
}

const PREFIX: Rule = Rule {
    id: "route-prefix",
    promise: "HTTP functions have a route prefix, which envelopes do not have",
    source: "https://github.com/Azure/azure-functions-host/issues/6251; \
             https://github.com/Azure/azure-functions-host/issues/6305",
    find: |app| {
        let http = app.functions.iter().any(|function| function.http().is_some());
        let mixed = http && !app.functions.iter().all(FunctionFolder::is_http_only);
        if !mixed {
            return None;
        }
        if !app.route_prefix().is_empty() {
            return Some(Vec::new());
        }
        Some(vec![warn(
            "host.json extensions.http.routePrefix",
            "it is empty, so one new route can give callers access to the paths of envelopes",
            "set it to a word such as `api`",
        )])
    },
};

//! All routes together: those that the host reserves, that two functions share, or that end the whole host.

use super::{AzureOutcome, Diagnosis, functions::HttpFunction};
use crate::{App, Level, app::route_template, route::Template};

pub(super) fn of(app: &App, functions: &[HttpFunction]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    let mut loaded: Vec<&HttpFunction> = Vec::new();
    for function in functions {
        let fault = reserved(function).or_else(|| conflict(function, &loaded));
        match fault {
            Some(fault) => found.extend((!function.disabled).then_some(fault)),
            None => loaded.push(function),
        }
    }
    let prefix = app.raw_route_prefix();
    found.extend(loaded.iter().filter_map(|function| template(&prefix, function)));
    found.extend(overlaps(&loaded));
    if !loaded.is_empty() {
        found.extend(reserved_prefix(app, &prefix));
    }
    found
}

/// The host compares only the first characters, with every prefix (`ValidateHttpFunction` in ScriptHost.cs).
fn reserved(function: &HttpFunction) -> Option<Diagnosis> {
    let route = function.route.trim_matches('/').to_lowercase();
    let word = ["admin", "runtime"].into_iter().find(|word| route.starts_with(word))?;
    let rule = ("reserved-route", Level::Fail, AzureOutcome::FunctionInError);
    let why =
        format!("its route \"{}\" starts with \"{word}\", which the host keeps for itself", function.route);
    Some(Diagnosis::new(rule, &function.subject, why, "choose another first word").at(function.position))
}

/// Texts are compared ignoring case and slashes at their ends, methods exactly; no methods means all
/// (`HttpRoutesConflict` in ScriptHost.cs).
fn conflict(function: &HttpFunction, loaded: &[&HttpFunction]) -> Option<Diagnosis> {
    let route = |one: &HttpFunction| one.route.trim_matches('/').to_lowercase();
    let all = |one: &HttpFunction| one.methods.as_ref().is_none_or(Vec::is_empty);
    let shares = |one: &HttpFunction, other: &HttpFunction| {
        let methods = |one: &HttpFunction| one.methods.clone().unwrap_or_default();
        all(one) || all(other) || methods(one).iter().any(|method| methods(other).contains(method))
    };
    let other = loaded.iter().find(|other| route(other) == route(function) && shares(function, other))?;
    let rule = ("route-conflict", Level::Fail, AzureOutcome::FunctionInError);
    let why = format!(
        "{} has the route \"{}\" of {} and a method in common with it",
        function.name, function.route, other.name
    );
    Some(
        Diagnosis::new(rule, &function.subject, why, "give it another route, or other methods")
            .at(function.position),
    )
}

fn template(prefix: &str, function: &HttpFunction) -> Option<Diagnosis> {
    let template = route_template(prefix, &function.route);
    let wrong = Template::parse(&template).err()?;
    let rule = ("route-template", Level::Fail, AzureOutcome::HostInError);
    let why = format!("its route makes the template \"{template}\", which is wrong: {wrong}");
    let remedy = "correct `route`, or extensions.http.routePrefix in host.json";
    Some(Diagnosis::new(rule, &function.subject, why, remedy).at(function.position))
}

/// The host tries routes by the names of the functions and does not ask which one is more exact, so one that takes more
/// hides one behind it.
fn overlaps(functions: &[&HttpFunction]) -> Vec<Diagnosis> {
    let served = functions.iter().filter(|function| !function.disabled);
    let routed: Vec<(&HttpFunction, Template)> = served
        .filter_map(|function| Some((*function, Template::parse(function.route.trim_matches('/')).ok()?)))
        .collect();
    let mut found = Vec::new();
    for (at, (first, wide)) in routed.iter().enumerate() {
        let hidden = routed[at + 1..].iter().filter(|(second, narrow)| {
            answer_one_method(first, second) && wide.overlaps(narrow) && !wide.is_more_exact_than(narrow)
        });
        found.extend(hidden.map(|(second, _)| hides(first, second)));
    }
    found
}

fn answer_one_method(one: &HttpFunction, other: &HttpFunction) -> bool {
    match (&one.methods, &other.methods) {
        (Some(methods), None) | (None, Some(methods)) => !methods.is_empty(),
        (Some(one), Some(other)) => {
            one.iter().any(|method| other.iter().any(|same| same.eq_ignore_ascii_case(method)))
        }
        (None, None) => true,
    }
}

fn hides(first: &HttpFunction, second: &HttpFunction) -> Diagnosis {
    let rule = ("route-overlap", Level::Warn, AzureOutcome::Runs);
    let why = format!(
        "{} (route \"{}\") comes first by its name and takes the URLs of {} (route \"{}\") that fit both: the host does \
         not look for the more exact route",
        first.name, first.route, second.name, second.route
    );
    let remedy = "give one of them another route or other methods, a constraint such as {id:int}, or a name that sorts \
                  the more exact one first";
    Diagnosis::new(rule, &second.subject, why, remedy).at(second.position)
}

/// Functions below it are served, but for the paths that the host takes first.
fn reserved_prefix(app: &App, prefix: &str) -> Option<Diagnosis> {
    let first = prefix.trim_matches('/').split('/').next()?.to_lowercase();
    let word = ["admin", "runtime"].into_iter().find(|word| first == *word)?;
    let rule = ("reserved-prefix", Level::Warn, AzureOutcome::Runs);
    let why = format!(
        "the route prefix is \"{prefix}\", and the host's own paths stand below /{word} too: they come first"
    );
    let position = app.file.as_ref().and_then(|file| file.position(&["extensions", "http", "routePrefix"]));
    let remedy = "set extensions.http.routePrefix to another word, such as `api`";
    Some(Diagnosis::new(rule, "host.json extensions.http.routePrefix", why, remedy).at(position))
}

//! Errors in registrations, found before anything is served.

mod names;
mod schedule;

use std::{fmt, sync::Arc};

use http::Method;

use crate::{
    function::{Function, Kind, host_order},
    route::{self, Overlap},
    trigger::{Http, OutputBinding, OutputKind},
};

/// A registration that the Functions host would refuse, or would understand differently.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The host takes no such name.
    #[error("function `{0}`: a name is a letter and up to 127 letters, digits, `-` and `_`, and not `host`")]
    Name(&'static str),
    /// The host compares names ignoring case.
    #[error("function `{0}` is registered twice: names must differ in more than case")]
    Duplicate(&'static str),
    /// A route that the host refuses, or that this crate cannot match as the host does.
    #[error("function `{function}`: the route `{route}` cannot be used: {why}")]
    Route {
        /// The function.
        function: &'static str,
        /// Its route.
        route: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The host tries routes by the names of functions, and does not look for the more exact one.
    #[error(
        "function `{function}` (route `{route}`) would never be called: `{by}` comes before it by its name and takes its \
         requests, for the host does not look for the more exact route; give one of them another route or other methods, or a \
         name that sorts the more exact route first"
    )]
    Hidden {
        /// The function that is not called.
        function: &'static str,
        /// Its route.
        route: &'static str,
        /// The function that is called instead.
        by: &'static str,
    },
    /// Which of two functions the host calls depends on a constraint that this crate does not decide as the host does.
    #[error(
        "functions `{0}` and `{1}`: a request may fit both routes, and which one the host calls depends on a constraint that \
         this crate leaves to the host; tell the routes apart by a literal segment or by methods, or use the constraints `int`, \
         `long`, `min`, `max` and `range` alone"
    )]
    Undecided(&'static str, &'static str),
    /// A caller's request would look like the host's own call of a function.
    #[error(
        "HTTP function `{http}` takes `POST /{function}`, which is how the host calls `{function}`: an outsider could forge a \
         message, or a request without the key of `{function}` (https://github.com/Azure/azure-functions-host/issues/6251); \
         give host.json a routePrefix, or `{http}` another route"
    )]
    ShadowsEnvelope {
        /// The function with the route.
        http: &'static str,
        /// The function that is called with an envelope.
        function: &'static str,
    },
    /// With `enableForwardingHttpRequest` alone, the host changes a path after it has checked the key.
    #[error(
        "HTTP function `{open}` has a parameter, and asks for a weaker key than `{guarded}`: a forwarded path such as \
         `a/..%5Cb` passes the key of `{open}` and arrives with the path of `{guarded}`; set `enableProxyingHttpRequest` in \
         host.json, or give the parameter a constraint such as `int` or `guid`"
    )]
    ForwardedPast {
        /// The function whose authorization level asks for less.
        open: &'static str,
        /// The function whose authorization level asks for more.
        guarded: &'static str,
    },
    /// A name of a binding is used twice within a function.
    #[error(
        "function `{function}`: two bindings are named `{binding}`; name each binding once (`res` is the HTTP answer)"
    )]
    Binding {
        /// The function.
        function: &'static str,
        /// The name.
        binding: &'static str,
    },
    /// The host takes no such name of a binding.
    #[error(
        "function `{function}`: the binding `{binding}` cannot be named so: a name is a letter and up to 127 letters and digits"
    )]
    BindingName {
        /// The function.
        function: &'static str,
        /// The name.
        binding: &'static str,
    },
    /// Storage takes no such name of a queue.
    #[error(
        "function `{function}`: `{queue}` is no name of a queue: it has 3 to 63 of a-z, 0-9 and single hyphens between them"
    )]
    Queue {
        /// The function.
        function: &'static str,
        /// The queue.
        queue: &'static str,
    },
    /// The host takes no such schedule.
    #[error(
        "function `{function}`: `{schedule}` is no schedule: write NCRONTAB with six fields, second first, such as \
         `0 */5 * * * *`"
    )]
    Schedule {
        /// The function.
        function: &'static str,
        /// The schedule.
        schedule: &'static str,
    },
    /// A type that a trigger or an output of another type cannot have.
    #[error("function `{function}`: the type `{kind}` cannot be used here: {why}")]
    Type {
        /// The function.
        function: &'static str,
        /// The type.
        kind: &'static str,
        /// What to do.
        why: &'static str,
    },
    /// A property that cannot be set.
    #[error("function `{function}`: the property `{property}` of `{binding}` cannot be set: {why}")]
    Property {
        /// The function.
        function: &'static str,
        /// The binding.
        binding: &'static str,
        /// The property.
        property: String,
        /// Why not.
        why: &'static str,
    },
}

/// All that is wrong with the registrations of an app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistrationErrors(pub Vec<RegistrationError>);

impl fmt::Display for RegistrationErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(formatter, "{gap}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RegistrationErrors {}

fn into_result(errors: Vec<RegistrationError>) -> Result<(), RegistrationErrors> {
    if errors.is_empty() { Ok(()) } else { Err(RegistrationErrors(errors)) }
}

pub(crate) fn validate<S, Need>(
    functions: &[Arc<Function<S, Need>>],
    prefix: &str,
) -> Result<(), RegistrationErrors> {
    let mut errors = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        errors.extend(validate_function(function));
        for earlier in &functions[..index] {
            errors.extend(find_conflict(earlier, function));
        }
        errors.extend(functions.iter().filter_map(|other| shadowed(other, function, prefix)));
    }
    into_result(errors)
}

/// Errors under a host that forwards requests: it checks the key for the path that the caller sent, and then changes
/// the path. A backslash becomes a slash, `..` goes up, an encoded `?` or `#` ends it.
pub(crate) fn validate_forwarding<S, Need>(
    functions: &[Arc<Function<S, Need>>],
) -> Result<(), RegistrationErrors> {
    let http = functions.iter().filter_map(|function| match &function.kind {
        Kind::Http(http) => Some((function.name, http)),
        _ => None,
    });
    let passes = |open: &Http, guarded: &Http| {
        open.auth_level < guarded.auth_level
            && shares_method(open, guarded)
            && route::takes_any_text(open.route)
    };
    let mut errors = Vec::new();
    for (open, one) in http.clone() {
        let past = http.clone().filter(|(_, other)| passes(one, other));
        errors.extend(past.map(|(guarded, _)| RegistrationError::ForwardedPast { open, guarded }));
    }
    into_result(errors)
}

fn validate_function<S, Need>(function: &Function<S, Need>) -> Vec<RegistrationError> {
    let name = function.name;
    let mut errors = Vec::new();
    if !names::is_function(name) {
        errors.push(RegistrationError::Name(name));
    }
    errors.extend(bindings(function));
    match &function.kind {
        Kind::Http(http) => {
            let why = route::template_error(http.route);
            errors.extend(why.map(|why| RegistrationError::Route { function: name, route: http.route, why }));
        }
        Kind::Queue(queue) => errors.extend(queue_name(name, queue.queue)),
        Kind::Timer(timer) if schedule::is_valid(timer.schedule) => {}
        Kind::Timer(timer) => {
            errors.push(RegistrationError::Schedule { function: name, schedule: timer.schedule });
        }
        Kind::Other(other) => {
            let why = names::reserved_trigger_reason(other.kind);
            errors.extend(why.map(|why| RegistrationError::Type { function: name, kind: other.kind, why }));
            errors.extend(properties(name, function.binding, other.properties.keys()));
        }
    }
    errors.extend(function.outputs.iter().flat_map(|output| output_errors(name, output)));
    errors
}

fn bindings<S, Need>(function: &Function<S, Need>) -> Vec<RegistrationError> {
    let name = function.name;
    let answer = matches!(function.kind, Kind::Http(_)).then_some("res");
    let outputs = function.outputs.iter().map(|output| output.name);
    let all: Vec<&str> = answer.into_iter().chain([function.binding]).chain(outputs).collect();
    let mut errors = Vec::new();
    for (index, &binding) in all.iter().enumerate() {
        if !names::is_binding(binding) {
            errors.push(RegistrationError::BindingName { function: name, binding });
        }
        if all[..index].iter().any(|known| known.eq_ignore_ascii_case(binding)) {
            errors.push(RegistrationError::Binding { function: name, binding });
        }
    }
    errors
}

fn output_errors(function: &'static str, output: &OutputBinding) -> Vec<RegistrationError> {
    let mut errors = Vec::new();
    match output.kind {
        OutputKind::Queue(queue) => {
            errors.extend(queue_name(function, queue));
            errors.extend(output.properties.keys().map(|property| RegistrationError::Property {
                function,
                binding: output.name,
                property: property.clone(),
                why: "a queue output has a queue and a connection alone",
            }));
        }
        OutputKind::Other(kind) => {
            let why = names::reserved_output_reason(kind);
            errors.extend(why.map(|why| RegistrationError::Type { function, kind, why }));
            errors.extend(properties(function, output.name, output.properties.keys()));
        }
    }
    errors
}

fn queue_name(function: &'static str, queue: &'static str) -> Option<RegistrationError> {
    (!names::is_queue(queue)).then_some(RegistrationError::Queue { function, queue })
}

fn properties<'a>(
    function: &'static str,
    binding: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = RegistrationError> {
    let own = |name: &&String| ["type", "name", "direction"].iter().any(|own| name.eq_ignore_ascii_case(own));
    names.filter(own).map(move |name| RegistrationError::Property {
        function,
        binding,
        property: name.clone(),
        why: "it follows from the registration",
    })
}

fn find_conflict<S, Need>(one: &Function<S, Need>, other: &Function<S, Need>) -> Option<RegistrationError> {
    if one.name.eq_ignore_ascii_case(other.name) {
        return Some(RegistrationError::Duplicate(other.name));
    }
    let comes_first = host_order(one.name) < host_order(other.name);
    let (first, second) = if comes_first { (one, other) } else { (other, one) };
    let (Kind::Http(wide), Kind::Http(narrow)) = (&first.kind, &second.kind) else { return None };
    if !shares_method(wide, narrow) {
        return None;
    }
    let takes_all = wide.methods.is_empty()
        || (!narrow.methods.is_empty() && narrow.methods.iter().all(|method| wide.methods.contains(method)));
    let is_same = wide.route.trim_matches('/').eq_ignore_ascii_case(narrow.route.trim_matches('/'));
    match route::overlap(wide.route, narrow.route) {
        Overlap::No => None,
        _ if is_same || (takes_all && route::covers(wide.route, narrow.route)) => {
            let (function, route) = (second.name, narrow.route);
            Some(RegistrationError::Hidden { function, route, by: first.name })
        }
        Overlap::Yes => None,
        Overlap::Undecided => Some(RegistrationError::Undecided(first.name, second.name)),
    }
}

fn shares_method(one: &Http, other: &Http) -> bool {
    let any = one.methods.is_empty() || other.methods.is_empty();
    any || one.methods.iter().any(|method| other.methods.contains(method))
}

/// Whether a caller of `http` could send what the host sends to `function`, which is any function: one over HTTP is called
/// with an envelope too where host.json enables nothing else. A function whose own route is its name is not reported.
fn shadowed<S, Need>(
    http: &Function<S, Need>,
    function: &Function<S, Need>,
    prefix: &str,
) -> Option<RegistrationError> {
    let route = http.kind.http(&Method::POST)?.route;
    let path = format!("/{}", function.name);
    let shadows = http.name != function.name && route::match_path(prefix, route, &path).is_some();
    shadows.then_some(RegistrationError::ShadowsEnvelope { http: http.name, function: function.name })
}

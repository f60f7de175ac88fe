//! What is wrong with registrations, found before anything is served.

use std::{fmt, sync::Arc};

use http::Method;

use crate::{
    function::{Function, Kind},
    route,
};

/// A registration that the Functions host would refuse, or that would do another thing than it says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The host takes no such name.
    #[error("function `{0}`: a name is a letter and up to 127 letters, digits, `-` and `_`")]
    Name(&'static str),
    /// The host compares names ignoring case.
    #[error("function `{0}` is registered twice: names must differ in more than case")]
    Duplicate(&'static str),
    /// A route that this crate cannot match as the host does.
    #[error(
        "function `{function}`: the route `{route}` cannot be used: each segment is a literal or one parameter, \
         `{{name?}}` and `{{*name}}` stand at the end, and no slash begins it"
    )]
    Route {
        /// The function.
        function: &'static str,
        /// Its route.
        route: &'static str,
    },
    /// Two functions want the same requests.
    #[error(
        "functions `{0}` and `{1}` have the same route and method: only one of them would ever be called"
    )]
    SameRoute(&'static str, &'static str),
    /// A caller's request would look like the host's own call of a function.
    #[error(
        "HTTP function `{http}` takes `POST /{function}`, which is how the host calls `{function}`: an outsider could forge a \
         message (https://github.com/Azure/azure-functions-host/issues/6251); give host.json a routePrefix, or `{http}` \
         another route"
    )]
    ShadowsEnvelope {
        /// The function with the route.
        http: &'static str,
        /// The function that is called with an envelope.
        function: &'static str,
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

pub(crate) fn validate<S, T>(
    functions: &[Arc<Function<S, T>>],
    prefix: &str,
) -> Result<(), RegistrationErrors> {
    let mut errors = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        errors.extend(alone(function));
        for earlier in &functions[..index] {
            errors.extend(beside(earlier, function));
        }
        errors.extend(functions.iter().filter_map(|other| shadowed(other, function, prefix)));
    }
    if errors.is_empty() { Ok(()) } else { Err(RegistrationErrors(errors)) }
}

fn alone<S, T>(function: &Function<S, T>) -> Vec<RegistrationError> {
    let name = function.name;
    let mut errors = Vec::new();
    let tail_fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(tail_fits);
    if !fits || name.len() > 128 {
        errors.push(RegistrationError::Name(name));
    }
    let mut bindings = vec![function.binding];
    if let Kind::Http(http) = &function.kind {
        bindings.push("res");
        if !route::is_valid(http.route) {
            errors.push(RegistrationError::Route { function: name, route: http.route });
        }
    }
    for output in &function.outputs {
        if bindings.iter().any(|known| known.eq_ignore_ascii_case(output.name)) {
            errors.push(RegistrationError::Binding { function: name, binding: output.name });
        }
        bindings.push(output.name);
    }
    errors
}

fn beside<S, T>(earlier: &Function<S, T>, later: &Function<S, T>) -> Option<RegistrationError> {
    if earlier.name.eq_ignore_ascii_case(later.name) {
        return Some(RegistrationError::Duplicate(later.name));
    }
    let (Kind::Http(first), Kind::Http(second)) = (&earlier.kind, &later.kind) else { return None };
    let shares_method = first.methods.is_empty()
        || second.methods.is_empty()
        || first.methods.iter().any(|method| second.methods.contains(method));
    let same = shares_method && route::same_shape(first.route, second.route);
    same.then_some(RegistrationError::SameRoute(earlier.name, later.name))
}

/// Whether a caller of `http` could send what the host sends to `function`.
fn shadowed<S, T>(
    http: &Function<S, T>,
    function: &Function<S, T>,
    prefix: &str,
) -> Option<RegistrationError> {
    let route = http.kind.http(&Method::POST)?.route;
    let path = format!("/{}", function.name);
    let shadows = function.needs_envelope() && route::matched(prefix, route, &path).is_some();
    shadows.then_some(RegistrationError::ShadowsEnvelope { http: http.name, function: function.name })
}

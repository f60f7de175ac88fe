//! The public side: finds the function by its route, checks its key, hands it to the invoker.

use std::{io, sync::Arc};

use functions_lint::route_template;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version, header, request};
use http_body_util::{BodyExt, Limited};

pub use crate::body::Body;
use crate::{
    access_keys::{self, AccessKeys, MatchedKey},
    app::{App, AppError, AuthLevel, Function, TriggerKind},
    body::status_only,
    home_page,
    invoke::{Call, Invoker, content_length, identities},
    path,
    route::{Params, Template},
};

/// Answers the callers of one host instance.
#[derive(Debug)]
pub struct HttpListener {
    app: Arc<App>,
    keys: Option<AccessKeys>,
    invoker: Invoker,
    routes: Vec<Route>,
    added_headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug)]
struct Route {
    function: Function,
    template: Template,
    methods: Option<Vec<String>>,
    auth_level: AuthLevel,
    /// A setting switches the function off: it keeps its route, and answers 404.
    disabled: bool,
}

impl HttpListener {
    /// Serves the HTTP functions of `app`. Without `keys` every call is let through as an administrator's, as
    /// Core Tools does.
    ///
    /// # Errors
    /// When a route or an added header of the app is malformed.
    pub fn new(app: Arc<App>, keys: Option<AccessKeys>, invoker: Invoker) -> Result<Self, AppError> {
        let mut routes = Vec::new();
        let mut functions: Vec<(&Function, bool)> =
            app.functions.iter().map(|function| (function, false)).collect();
        functions.extend(app.disabled.iter().map(|function| (function, true)));
        functions.sort_by_key(|(function, _)| function.name.to_ascii_uppercase());
        for (function, disabled) in functions {
            if let TriggerKind::Http { methods, route, auth_level } = &function.trigger.kind {
                let template = Template::parse(&route_template(&app.host.route_prefix, route));
                let template =
                    template.map_err(|fault| AppError(vec![format!("{}: {fault}", function.name)]))?;
                let (methods, auth_level) = (methods.clone(), *auth_level);
                routes.push(Route { function: function.clone(), template, methods, auth_level, disabled });
            }
        }
        let added = app.host.added_headers.iter().map(|(name, value)| {
            let line = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(value)) = line else {
                return Err(AppError(vec![format!(
                    "host.json: the header {name} must be a valid HTTP header"
                )]));
            };
            Ok((name, value))
        });
        let added_headers = added.collect::<Result<_, _>>()?;
        Ok(Self { app, keys, invoker, routes, added_headers })
    }

    /// Answers one request. The host itself gives 400, 401, 404, 413 and 500, all without a body.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let is_old = request.version() == Version::HTTP_10;
        let mut answer = self.route(request).await;
        let headers = answer.headers_mut();
        headers.entry(header::SERVER).or_insert(HeaderValue::from_static("Kestrel"));
        if is_old {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }

    async fn route(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Some(path) = path::decode(parts.uri.path()) else { return status_only(StatusCode::BAD_REQUEST) };
        if content_length(&parts.headers).is_some_and(|length| length > self.app.max_body_bytes as u64) {
            return status_only(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let body = Limited::new(body, self.app.max_body_bytes).map_err(io::Error::other).boxed_unsync();
        let Some((route, params)) = self.find(&parts, &path) else {
            return if path == "/" {
                home_page::answer(&self.app)
            } else {
                status_only(StatusCode::NOT_FOUND)
            };
        };
        if route.disabled {
            return status_only(StatusCode::NOT_FOUND);
        }
        let matched = self.matched_key(route, &parts);
        if !access_keys::is_sufficient(route.auth_level, matched.as_ref()) {
            return status_only(StatusCode::UNAUTHORIZED);
        }
        let identities = identities(&parts.headers, self.app.trusts_principal, matched.as_ref());
        let call = Call { parts, body, path, params, identities };
        let mut answer = self.invoker.http(&route.function, call).await;
        for (name, value) in &self.added_headers {
            answer.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        answer
    }

    /// The first route that matches path and method; a method that is not listed does not match.
    fn find(&self, parts: &request::Parts, path: &str) -> Option<(&Route, Params)> {
        let method = parts.method.as_str();
        self.routes
            .iter()
            .filter(|route| {
                route.methods.as_ref().is_none_or(|listed| listed.iter().any(|one| one == method))
            })
            .find_map(|route| Some((route, route.template.matches(path)?)))
    }

    /// What the presented key opens: from the header, else from the query.
    fn matched_key(&self, route: &Route, parts: &request::Parts) -> Option<MatchedKey> {
        let Some(keys) = &self.keys else {
            return Some(MatchedKey { admin: true, name: "master".to_owned() });
        };
        keys.find(&route.function.name, &access_keys::from_parts(&parts.headers, &parts.uri)?)
    }
}

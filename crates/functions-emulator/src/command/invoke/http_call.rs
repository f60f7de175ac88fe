//! The call of an HTTP function, as the console's interface takes it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::super::{failure::Failure, named_value::NamedValue, overview::Overview};

/// What holds for HTTP functions alone.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "HTTP functions")]
pub(super) struct HttpOptions {
    /// Sign in as this user
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,
    /// The method [default: POST with a body, else GET, if the function takes it]
    #[arg(long)]
    method: Option<String>,
    /// The path with its query [default: the function's route, if that has no parameters]
    #[arg(long)]
    path: Option<String>,
    /// A header; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = NamedValue::HEADER)]
    headers: Vec<(String, String)>,
    /// The name of an access key, as the console lists it: master, host/NAME or function/FUNCTION/NAME
    #[arg(long)]
    key: Option<String>,
}

impl HttpOptions {
    /// The call of a function with this route.
    pub(super) fn call(
        &self,
        methods: &[String],
        route: &str,
        body: Option<Vec<u8>>,
        overview: &Overview,
    ) -> Result<Value, Failure> {
        self.user.as_deref().map_or(Ok(()), |user| overview.require_user(user))?;
        self.key.as_deref().map_or(Ok(()), |key| overview.require_key(key))?;
        let path = match &self.path {
            Some(path) => path,
            None if route.contains('{') => {
                return Err(Failure::Usage(format!(
                    "the route {route} has parameters: give the path with --path, each parameter filled in"
                )));
            }
            None => route,
        };
        let mut headers = self.headers.clone();
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some(body) = body.as_deref().filter(|_| !has_type) {
            headers.push(("Content-Type".to_owned(), media_type(body).to_owned()));
        }
        Ok(json!({
            "method": self.method.as_deref().unwrap_or_else(|| method(methods, body.is_some())).to_uppercase(),
            "path": path,
            "headers": headers,
            "bodyBase64": body.map(|body| STANDARD.encode(body)),
            "user": self.user,
            "key": self.key,
            "wholeBody": true,
        }))
    }

    /// Refuses each option here for a function that has no HTTP caller.
    pub(super) fn refuse_for(&self, function: &str) -> Result<(), Failure> {
        let given = [
            ("--as", self.user.is_some()),
            ("--method", self.method.is_some()),
            ("--path", self.path.is_some()),
            ("--header", !self.headers.is_empty()),
            ("--key", self.key.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Failure::Usage(format!(
                "{option} is for HTTP functions, and {function} is none: leave it out"
            ))),
            None => Ok(()),
        }
    }
}

/// The method that fits best among those that a function takes; any if there are none.
fn method(allowed: &[String], has_body: bool) -> &str {
    let wanted: &[&str] = if has_body { &["POST", "PUT", "PATCH"] } else { &["GET"] };
    let is_allowed =
        |method: &&&str| allowed.is_empty() || allowed.iter().any(|one| one.eq_ignore_ascii_case(method));
    let fitting = wanted.iter().find(is_allowed).copied();
    fitting.or_else(|| allowed.first().map(String::as_str)).unwrap_or("GET")
}

fn media_type(body: &[u8]) -> &'static str {
    match std::str::from_utf8(body) {
        Err(_) => "application/octet-stream",
        Ok(text) if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() => "application/json",
        Ok(_) => "text/plain; charset=utf-8",
    }
}

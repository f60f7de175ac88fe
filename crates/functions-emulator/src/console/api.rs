//! The JSON interface: which path does what.

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{
    by_hand, calls, faults, live, overview,
    problem::{self, ApiResult, Problem},
    queues, settings, traces, users,
};
use crate::{
    body::{self, Body},
    cancellation::CancellationToken,
    host::Host,
};

/// Describes each of the paths below.
const OPENAPI: &str = include_str!("openapi.json");

/// Bytes that a request of the page may have.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Answers a request that has shown the token; `path` is the part after `/_emulator/api/`.
pub(super) async fn answer(
    host: &Host,
    cancellation: &CancellationToken,
    path: &str,
    request: Request<Body>,
) -> Response<Body> {
    match (request.method().as_str(), path) {
        ("GET", "live") => return live::answer(host, cancellation.clone()),
        ("GET", "openapi.json") => return body::answer(StatusCode::OK, "application/json", OPENAPI),
        _ => {}
    }
    match route(host, path, request).await {
        Ok(document) => problem::json_answer(StatusCode::OK, &document),
        Err(problem) => problem.answer(),
    }
}

async fn route(host: &Host, path: &str, request: Request<Body>) -> ApiResult {
    let segments: Vec<String> =
        path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let journal = host.events().traffic().journal();
    match (request.method().as_str(), segments.as_slice()) {
        ("GET", ["overview"]) => Ok(overview::of(host)),
        ("GET", ["calls"]) => Ok(json!(journal.calls())),
        ("GET", ["settings"]) => Ok(settings::of(host)),
        ("GET", ["lines"]) => Ok(json!(journal.lines(0))),
        ("GET", ["calls", number]) => calls::shown(host, number),
        ("POST", ["calls"]) => calls::make(host, read_json(request).await?).await,
        ("POST", ["document"]) => calls::document(host, read_json(request).await?).await,
        ("POST", ["calls", number, "replay"]) => calls::replay(host, number).await,
        ("GET", ["queues"]) => queues::all(host).await,
        ("POST", ["queues", queue, "messages"]) => queues::put(host, queue, read_json(request).await?).await,
        ("DELETE", ["queues", queue, "messages"]) => queues::purge(host, queue).await,
        ("DELETE", ["queues", queue, "messages", id]) => queues::remove(host, queue, id).await,
        ("POST", ["queues", queue, "messages", id, "requeue"]) => queues::requeue(host, queue, id).await,
        ("POST", ["queues", queue, "fault"]) => faults::inject(host, queue, read_json(request).await?),
        ("POST", ["functions", function, "run"]) => {
            by_hand::run(host, function, read_json(request).await?).await
        }
        ("GET", ["traces"]) => traces::all(host, request.uri().query().unwrap_or_default()),
        ("GET", ["traces", id]) => traces::shown(host, id),
        ("GET", ["timers"]) => Ok(overview::timers(host)),
        ("POST", ["timers", function, "run"]) => calls::run_timer(host, function).await,
        ("POST", ["users", name, "token"]) => users::token(host, name, read_json(request).await?),
        ("PUT", ["faults"]) => faults::switch(host, read_json(request).await?),
        ("POST", ["worker", "kill"]) => faults::kill(host),
        _ => Err(Problem::not_found("the console has no such path")),
    }
}

/// The JSON that a request carries.
async fn read_json<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Problem> {
    let json = HeaderValue::from_static("application/json");
    if request.headers().get(header::CONTENT_TYPE) != Some(&json) {
        return Err(Problem::bad_request("send application/json"));
    }
    let read = Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect().await;
    let bytes =
        read.map_err(|fault| Problem::bad_request(format!("the body broke off: {fault}")))?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|fault| Problem::bad_request(format!("not as expected: {fault}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;
    use serde_json::Value;

    use super::OPENAPI;

    /// Method and path of each line of this file that routes, parameters as `{}`.
    fn routed() -> BTreeSet<String> {
        let route = Regex::new(r#"\("(GET|POST|PUT|DELETE)", (?:\[([^\]]*)\]|("[^"]*"))\) =>"#).unwrap();
        let routes = route.captures_iter(include_str!("api.rs")).map(|found| {
            let parts = found.get(2).or(found.get(3)).unwrap().as_str();
            let path: String = parts
                .split(", ")
                .map(|part| {
                    part.strip_prefix('"')
                        .map_or("/{}".to_owned(), |name| format!("/{}", name.trim_matches('"')))
                })
                .collect();
            format!("{} {path}", &found[1])
        });
        routes.collect()
    }

    fn described() -> BTreeSet<String> {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let parameter = Regex::new(r"\{[^}]*\}").unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            let path = parameter.replace_all(path, "{}").into_owned();
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        });
        operations.collect()
    }

    #[test]
    fn each_route_is_described_and_each_description_routed() {
        let routed = routed();
        assert!(routed.len() > 20, "{routed:?}");
        assert_eq!(routed, described());
    }
}

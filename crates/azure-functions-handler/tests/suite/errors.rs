//! One function of the app words every error, and layers see what it says.

use std::task::{Context, Poll};

use axum_core::{
    extract::{FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use azure_functions_handler::{
    Endpoint, Error, Functions, Invocation, InvocationFailed, InvocationMode, Json, Path, Rejection,
    ServerError, TestApp, get, post, with_invocation,
};
use http::{HeaderMap, HeaderValue, StatusCode, request::Parts};
use tower_layer::Layer;
use tower_service::Service;

use super::request;

/// The app's words: the error, and where it happened.
fn worded(error: &Error, invocation: &Invocation) -> Response {
    let name = match error {
        Error::Server(ServerError::HandlerPanicked) => "panicked",
        Error::Server(ServerError::HandlerFailed) => "failed",
        Error::Server(ServerError::InvalidResponse) => "invalid",
        Error::Rejection(Rejection::Path(_)) => "path",
        Error::Rejection(Rejection::ContentType) => "type",
        _ => "other",
    };
    (error.status(), format!("{name} in {} {}", invocation.function, invocation.id.is_nil())).into_response()
}

struct OutOfStock;

impl IntoResponse for OutOfStock {
    fn into_response(self) -> Response {
        with_invocation(|invocation| {
            (StatusCode::CONFLICT, format!("out of stock in {}", invocation.function)).into_response()
        })
    }
}

/// Marks every answer with the length of its body.
#[derive(Clone)]
struct Mark;

#[derive(Clone)]
struct Marking(Endpoint);

impl Layer<Endpoint> for Mark {
    type Service = Marking;

    fn layer(&self, inner: Endpoint) -> Marking {
        Marking(inner)
    }
}

impl Service<Request> for Marking {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = futures_util::future::BoxFuture<'static, Result<Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let function = request.extensions().get::<Invocation>().map_or("", |invocation| invocation.function);
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            let status = answer.status().as_u16();
            let mark = HeaderValue::try_from(format!("{function} {status}")).expect("a value");
            answer.headers_mut().insert("x-mark", mark);
            Ok(answer)
        })
    }
}

fn app() -> TestApp {
    async fn panics() {
        panic!("a secret")
    }
    async fn fails() -> Result<(), InvocationFailed> {
        Err(InvocationFailed::new("a reason for the log"))
    }
    async fn number(Path(number): Path<u32>) -> String {
        number.to_string()
    }
    async fn body(Json(number): Json<u32>) -> String {
        number.to_string()
    }
    async fn sells() -> Result<(), OutOfStock> {
        Err(OutOfStock)
    }
    let functions: Functions<()> = Functions::new()
        .http("Panics", get("panics"), panics)
        .http("Number", get("number/{number}"), number)
        .http("Body", post("body"), body)
        .http("Fails", get("fails"), fails)
        .http("Sells", get("sells"), sells);
    TestApp::new(functions.all().expect("right").with_state(()).on_error(worded).layer(Mark))
}

#[tokio::test]
async fn on_error_sees_every_error() {
    for (method, path, status, text) in [
        ("GET", "/api/panics", 500, "panicked in Panics false"),
        ("GET", "/api/fails", 500, "failed in Fails false"),
        ("GET", "/api/number/x", 400, "path in Number false"),
        ("POST", "/api/body", 415, "type in Body false"),
        ("GET", "/api/sells", 409, "out of stock in Sells"),
        ("GET", "/api/number/7", 200, "7"),
    ] {
        for mode in InvocationMode::ALL {
            let response = app().http(mode, request(method, path, "")).await;
            assert_eq!((response.status.as_u16(), response.text()), (status, text), "{path} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_layer_sees_the_answer_that_is_sent() {
    for (method, path, mark) in [
        ("GET", "/api/number/x", "Number 400"),
        ("POST", "/api/body", "Body 415"),
        ("GET", "/api/sells", "Sells 409"),
        ("GET", "/api/number/7", "Number 200"),
    ] {
        for mode in InvocationMode::ALL {
            let response = app().http(mode, request(method, path, "")).await;
            assert_eq!(response.headers["x-mark"], mark, "{path} {mode:?}");
        }
    }
}

/// An argument that lets no caller in, as the permit of an app may.
struct Permit;

impl FromRequestParts<()> for Permit {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, (): &()) -> Result<Self, StatusCode> {
        Err(StatusCode::FORBIDDEN)
    }
}

#[tokio::test]
async fn a_custom_extractor_rejects_first() {
    async fn guarded(_: Permit, Path(_): Path<u32>, Json(_): Json<u32>) {}
    let app = super::app(&Functions::new().http("Guarded", post("guarded/{number}"), guarded));
    for mode in InvocationMode::ALL {
        let response = app.http(mode, request("POST", "/api/guarded/x", "not json")).await;
        assert_eq!(response.status, StatusCode::FORBIDDEN, "{mode:?}");
    }
}

#[tokio::test]
async fn the_default_error_is_a_problem_document() {
    let app = super::app(&Functions::new().http("Number", get("number/{number}"), async |_: Path<u32>| {}));
    for mode in InvocationMode::ALL {
        let response = app.http(mode, request("GET", "/api/number/x", "")).await;
        assert_eq!(response.headers[http::header::CONTENT_TYPE], "application/problem+json", "{mode:?}");
        let document: serde_json::Value = response.json();
        assert_eq!(
            (&document["status"], &document["title"]),
            (&400.into(), &"Bad Request".into()),
            "{mode:?}"
        );
    }
}

/// Adds its name to the header `x-way` of every request.
#[derive(Clone)]
struct Way(&'static str);

#[derive(Clone)]
struct OnTheWay(Endpoint, &'static str);

impl Layer<Endpoint> for Way {
    type Service = OnTheWay;

    fn layer(&self, inner: Endpoint) -> OnTheWay {
        OnTheWay(inner, self.0)
    }
}

impl Service<Request> for OnTheWay {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = futures_util::future::BoxFuture<'static, Result<Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.headers_mut().append("x-way", HeaderValue::from_static(self.1));
        self.0.call(request)
    }
}

#[tokio::test]
async fn the_layer_that_is_added_last_is_the_outermost() {
    async fn way(headers: HeaderMap) -> String {
        headers
            .get_all("x-way")
            .iter()
            .map(|value| value.to_str().expect("text"))
            .collect::<Vec<_>>()
            .join(" ")
    }
    let functions = Functions::<()>::new().http("Way", get("way"), way);
    let app = functions.all().expect("right").with_state(()).layer(Way("inner")).layer(Way("outer"));
    let app = TestApp::new(app);
    for mode in InvocationMode::ALL {
        assert_eq!(app.http(mode, request("GET", "/api/way", "")).await.text(), "outer inner", "{mode:?}");
    }
}

//! What a handler can take.

use std::collections::HashMap;

use axum_core::{extract::FromRef, response::IntoResponse};
use azure_functions_handler::{
    Body, Bytes, Functions, InvocationMode, Json, Limits, Metadata, Path, Query, RawQuery, Rejection, State,
    TestApp, get, post,
};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{app, request};

#[derive(Debug, Deserialize)]
struct Place {
    room: String,
    shelf: u32,
}

async fn text_of(functions: Functions<()>, path: &str) -> (StatusCode, String) {
    let response = app(&functions).http(InvocationMode::Proxy, request("GET", path, "")).await;
    (response.status, response.text().to_owned())
}

#[tokio::test]
async fn route_parameters_come_in_whatever_form_a_handler_wants() {
    async fn one(Path(shelf): Path<u32>) -> String {
        shelf.to_string()
    }
    async fn pair(Path((room, shelf)): Path<(String, u32)>) -> String {
        format!("{room} {shelf}")
    }
    async fn named(Path(Place { room, shelf }): Path<Place>) -> String {
        format!("{room} {shelf}")
    }
    async fn map(Path(all): Path<HashMap<String, String>>) -> String {
        format!("{} {}", all["room"], all["shelf"])
    }
    async fn optional(Path(number): Path<Option<u32>>) -> String {
        format!("{number:?}")
    }
    let functions = || {
        Functions::new()
            .http("Optional", get("optional/{number?}"), optional)
            .http("One", get("one/{shelf}"), one)
            .http("Pair", get("pair/{room}/{shelf}"), pair)
            .http("Named", get("named/{shelf}/{room}"), named)
            .http("Map", get("map/{room}/{shelf}"), map)
    };
    for (path, seen) in [
        ("/api/optional", "None"),
        ("/api/optional/7", "Some(7)"),
        ("/api/one/7", "7"),
        ("/api/pair/a%20b/7", "a b 7"),
        ("/api/named/7/cellar", "cellar 7"),
        ("/api/map/cellar/7", "cellar 7"),
    ] {
        assert_eq!(text_of(functions(), path).await, (StatusCode::OK, seen.to_owned()), "{path}");
    }
    assert_eq!(text_of(functions(), "/api/one/seven").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn query_parameters_come_in_whatever_form_a_handler_wants() {
    #[derive(Deserialize)]
    struct Page {
        size: u8,
        after: Option<String>,
        #[serde(default)]
        all: bool,
    }
    async fn named(Query(Page { size, after, all }): Query<Page>) -> String {
        format!("{size} {after:?} {all}")
    }
    async fn pairs(Query(pairs): Query<Vec<(String, String)>>) -> String {
        format!("{pairs:?}")
    }
    async fn raw(RawQuery(query): RawQuery) -> String {
        query
    }
    async fn optional(Query(page): Query<Option<Page>>) -> String {
        format!("{:?}", page.map(|page| page.size))
    }
    let functions = || {
        Functions::new()
            .http("Optional", get("optional"), optional)
            .http("Named", get("named"), named)
            .http("Pairs", get("pairs"), pairs)
            .http("Raw", get("raw"), raw)
    };
    for (path, seen) in [
        ("/api/optional", "None"),
        ("/api/optional?size=7", "Some(7)"),
        ("/api/named?size=7&all=true", "7 None true"),
        ("/api/named?after=a%26b+c&size=7", "7 Some(\"a&b c\") false"),
        ("/api/pairs?tag=a&tag=b&flag", r#"[("tag", "a"), ("tag", "b"), ("flag", "")]"#),
        ("/api/pairs?tag=a", r#"[("tag", "a")]"#),
        ("/api/raw?a=%20&&b", "a=%20&&b"),
    ] {
        assert_eq!(text_of(functions(), path).await, (StatusCode::OK, seen.to_owned()), "{path}");
    }
    for path in ["/api/named", "/api/named?size=many", "/api/named?size=999"] {
        assert_eq!(text_of(functions(), path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn invalid_json_bodies_are_rejected_by_cause() {
    async fn place(Json(Place { room, shelf }): Json<Place>) -> String {
        format!("{room} {shelf}")
    }
    let app = app(&Functions::new().http("Place", post("place"), place));
    let long = format!(r#"{{"room":"{}","shelf":7}}"#, "x".repeat(3 << 20));
    for (kind, body, status) in [
        ("application/json", r#"{"room":"cellar","shelf":7}"#, 200),
        ("application/problem+json; charset=utf-8", r#"{"room":"cellar","shelf":7}"#, 200),
        ("text/plain", r#"{"room":"cellar","shelf":7}"#, 415),
        ("application/json", "{", 400),
        ("application/json", r#"{"room":"cellar"}"#, 400),
        ("application/json", long.as_str(), 413),
    ] {
        for mode in InvocationMode::ALL {
            let mut request = request("POST", "/api/place", body.to_owned());
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().expect("a type"));
            assert_eq!(app.http(mode, request).await.status, status, "{kind} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_part_of_the_state_can_be_taken() {
    #[derive(Clone)]
    struct Whole(&'static str);
    #[derive(Clone)]
    struct Part(&'static str);
    impl FromRef<Whole> for Part {
        fn from_ref(whole: &Whole) -> Self {
            Self(whole.0)
        }
    }
    async fn show(State(whole): State<Whole>, State(part): State<Part>) -> String {
        format!("{} {}", whole.0, part.0)
    }
    let functions: Functions<Whole> = Functions::new().http("Show", get("show"), show);
    let app = TestApp::new(functions.all().expect("right").with_state(Whole("state")));
    assert_eq!(app.http(InvocationMode::Proxy, request("GET", "/api/show", "")).await.text(), "state state");
}

#[tokio::test]
async fn arguments_are_read_from_left_to_right() {
    async fn both(Path(_): Path<u32>, Json(_): Json<u32>) {}
    async fn raw(Path(_): Path<u32>, body: Body) -> Result<String, Rejection> {
        Ok(body.read(3).await?.len().to_string())
    }
    let app = app(&Functions::new().http("Both", post("both/{n}"), both).http("Raw", post("raw/{n}"), raw));
    for (path, body, status) in [
        ("/api/both/x", "not json", 400),
        ("/api/both/7", "not json", 415),
        ("/api/raw/x", "too long", 400),
        ("/api/raw/7", "too long", 413),
        ("/api/raw/7", "fit", 200),
    ] {
        for mode in InvocationMode::ALL {
            assert_eq!(app.http(mode, request("POST", path, body)).await.status, status, "{path} {mode:?}");
        }
    }
}

#[tokio::test]
async fn metadata_come_with_an_envelope_alone() {
    async fn has(metadata: Option<Metadata>) -> String {
        format!("{:?}", metadata.and_then(|metadata| metadata.get::<String>("id")))
    }
    let app = app(&Functions::new().http("Has", get("has/{id}"), has));
    for (mode, seen) in [
        (InvocationMode::Envelope, "Some(\"7\")"),
        (InvocationMode::Forward, "None"),
        (InvocationMode::Proxy, "None"),
    ] {
        assert_eq!(app.http(mode, request("GET", "/api/has/7", "")).await.text(), seen, "{mode:?}");
    }
}

#[tokio::test]
async fn a_value_that_is_not_there_is_told_of_as_it_is() {
    async fn of_path(Path(_): Path<u32>) {}
    async fn of_query(Query(_): Query<u32>) {}
    let functions =
        Functions::new().http("Path", get("path/{n?}"), of_path).http("Query", get("query"), of_query);
    for (path, words) in [("/api/path", "the path has 0"), ("/api/query?n=7", "a query has names")] {
        let document: serde_json::Value =
            app(&functions).http(InvocationMode::Proxy, request("GET", path, "")).await.json();
        assert!(
            document["detail"].as_str().is_some_and(|detail| detail.contains(words)),
            "{path}: {document}"
        );
    }
}

#[tokio::test]
async fn every_body_has_the_limit_of_the_app_and_its_words() {
    async fn bytes(_: Bytes) {}
    async fn text(_: String) {}
    async fn json(_: Json<String>) {}
    let functions = Functions::<()>::new()
        .http("Bytes", post("bytes"), bytes)
        .http("Text", post("text"), text)
        .http("Json", post("json"), json);
    for limit in [100, 3 << 20] {
        let limits = Limits { max_body_bytes: limit, ..Limits::default() };
        let app = functions.all().expect("right").with_state(()).limits(limits);
        let app =
            TestApp::new(app.on_error(|error, _| (error.status(), format!("{error:?}")).into_response()));
        for path in ["/api/bytes", "/api/text", "/api/json"] {
            for (length, status, words) in [(limit, 200, ""), (limit + 1, 413, "Rejection(Body(TooLarge))")] {
                for mode in InvocationMode::ALL {
                    let body = format!("\"{}\"", "x".repeat(length - 2));
                    let mut request = request("POST", path, body);
                    request
                        .headers_mut()
                        .insert(header::CONTENT_TYPE, "application/json".parse().expect("a type"));
                    let answer = app.http(mode, request).await;
                    assert_eq!(
                        (answer.status.as_u16(), answer.text()),
                        (status, words),
                        "{path} {limit} {mode:?}"
                    );
                }
            }
        }
        let mut request = request("POST", "/api/text", &b"\xff"[..]);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/octet-stream".parse().expect("a type"));
        let answer = app.http(InvocationMode::Proxy, request).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (400, "Rejection(Text)"));
    }
}

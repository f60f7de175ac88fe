//! The host's answer at `/` where no function is (`HomepageMiddleware.cs` of the host).

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::{
    app::App,
    body::status_only,
    body::{self, Body},
};

const PAGE: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>The app is up and running</title></head>
<body><h1>The app is up and running</h1><p>No function answers here. Its functions are in the
<a href=\"/_emulator/\">console</a>.</p></body>
</html>
";

/// The home page, or an empty answer where the app hides it; for any method.
pub(crate) fn answer(app: &App) -> Response<Body> {
    if app.hides_home_page {
        return status_only(StatusCode::NO_CONTENT);
    }
    let mut answer = Response::new(body::sized(Bytes::from_static(PAGE.as_bytes())));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

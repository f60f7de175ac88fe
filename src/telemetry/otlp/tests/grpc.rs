//! What is gRPC's alone: codes, details and calls.

use azure_functions_handler::http::header::TE;
use tonic::Code;

use super::*;

/// `google.rpc.Status` with `google.rpc.RetryInfo`: a pause of a second.
const RETRY_AFTER_A_SECOND: &str = "CAgaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIAQ==";

/// What becomes of seven spans with this answer: how many were dropped, why, and how often they were sent.
async fn outcome(says: BackendResponse) -> (u64, String, usize) {
    let collector = Backend::plain().await.unwrap();
    collector.respond_with(says);
    let (spans, export, dropped_spans) = export(&at(collector.port(), Protocol::Grpc));
    invocations(spans, 7);
    let (before, first) = failure(&dropped_spans).await;
    // What may be sent again is sent once more at the end.
    export.close().await;
    let (after, last) = told(&dropped_spans).unwrap_or_default();
    (before + after, first.or(last).unwrap(), collector.requests().len())
}

#[tokio::test]
async fn transient_codes_are_sent_again_and_others_are_not() {
    let code = |code: Code| BackendResponse::Code(code as u16, None);
    for transient in [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ] {
        let (dropped, error, sent) = outcome(code(transient)).await;
        assert_eq!(
            (dropped, error.as_str()),
            (7, &*format!("the collector answers with the gRPC code {transient:?}"))
        );
        assert!(sent > 1, "{transient:?}");
    }
    for permanent in [
        Code::Unknown,
        Code::InvalidArgument,
        Code::NotFound,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::Unimplemented,
        Code::Internal,
        Code::Unauthenticated,
    ] {
        let (dropped, error, sent) = outcome(code(permanent)).await;
        let refused =
            format!("the collector refuses with the gRPC code {permanent:?}: check OTEL_EXPORTER_OTLP_");
        assert!(dropped == 7 && error.starts_with(&refused), "{error}");
        assert_eq!(sent, 1, "{permanent:?}");
    }
}

#[tokio::test]
async fn an_exhausted_collector_that_names_a_pause_gets_the_batch_again() {
    let exhausted = |details| outcome(BackendResponse::Code(Code::ResourceExhausted as u16, details));
    assert!(exhausted(Some(RETRY_AFTER_A_SECOND)).await.2 > 1);
    for unreadable in ["not Base64!", "AAAA"] {
        assert_eq!(exhausted(Some(unreadable)).await.2, 1, "{unreadable}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_taken_nothing() {
    let (dropped, error, sent) = outcome(BackendResponse::Broken).await;
    // The reset may overtake the beginning of the answer.
    let broke = ["the collector's answer breaks off", "the collector does not answer"];
    assert!(dropped == 7 && broke.iter().any(|broke| error.starts_with(broke)), "{error}");
    assert!(sent > 1, "it was sent again");
}

#[tokio::test]
async fn an_answer_without_a_call_has_taken_nothing() {
    for says in [BackendResponse::WithBody(7), BackendResponse::WithBody(1024 * 1024)] {
        let (dropped, error, _) = outcome(says).await;
        assert!(dropped == 7 && error.starts_with("the collector refuses with the gRPC code"), "{error}");
    }
}

#[tokio::test]
async fn calls_are_compressed_where_that_is_asked_for() {
    for (compression, encoding) in [(Compression::None, None), (Compression::Gzip, Some("gzip"))] {
        let collector = Backend::plain().await.unwrap();
        collector.respond_with(BackendResponse::Status(200));
        let mut settings = at(collector.port(), Protocol::Grpc);
        settings.traces.as_mut().unwrap().collector.compression = compression;
        let (spans, export, dropped_spans) = export(&settings);
        invocations(spans, 7);
        export.close().await;
        assert_eq!(told(&dropped_spans), None);
        let [asked] = &collector.requests()[..] else { panic!("one call") };
        let header = |name: &str| asked.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!((header("grpc-encoding"), header(TE.as_str())), (encoding, Some("trailers")));
        assert_eq!((header("content-encoding"), header("content-type")), (None, Some("application/grpc")));
        assert_eq!(asked.call_message().map(|(is_compressed, _)| is_compressed), Some(encoding.is_some()));
    }
}

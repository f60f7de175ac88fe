//! Which spans are exported, as the SDK's samplers decide.

use azure_functions_handler::{ParentSpan, SpanSampler, TraceContext};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

use super::settings::SamplerSettings;

/// The sampler of these settings. A caller can claim that a trace is sampled and so make the worker export without end:
/// the claim counts only for traces that the sampler would choose by itself. A message's word is our own.
pub(super) fn sampler(settings: SamplerSettings) -> SpanSampler {
    let root = Sampler::TraceIdRatioBased(settings.ratio);
    let sampler: Box<dyn ShouldSample> = if settings.is_parent_based {
        Sampler::parent_based(root.clone()).with_remote_parent_sampled(root).into()
    } else {
        root.into()
    };
    SpanSampler::new(move |trace, parent| {
        let Ok(trace_id) = TraceId::from_hex(trace.trace_id()) else { return false };
        let above = parent_context(trace, trace_id, parent);
        let result = sampler.should_sample(above.as_ref(), trace_id, "", &SpanKind::Server, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    })
}

/// None where there is no span above.
fn parent_context(trace: &TraceContext, trace_id: TraceId, parent: ParentSpan) -> Option<Context> {
    let (sampled, is_remote) = match parent {
        ParentSpan::None => return None,
        ParentSpan::Caller { sampled } => (sampled, true),
        ParentSpan::Message { sampled } => (sampled, false),
    };
    let span_id = SpanId::from_hex(trace.span_id()).ok()?;
    let flags = TraceFlags::default().with_sampled(sampled);
    let above = SpanContext::new(trace_id, span_id, flags, is_remote, TraceState::NONE);
    Some(Context::new().with_remote_span_context(above))
}

#[cfg(test)]
mod tests {
    use azure_functions_handler::{
        Functions, Invocation, InvocationMode, TestApp, get,
        http::{Request, StatusCode},
    };

    use super::*;

    const SENDER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    async fn trace(invocation: Invocation) -> String {
        invocation.trace.to_string()
    }

    /// Moves into the trace of a message that our own function sampled.
    async fn moved(mut invocation: Invocation) -> String {
        invocation.continue_trace(&SENDER.parse().unwrap());
        invocation.trace.to_string()
    }

    /// How many of a thousand calls of this function are sampled, with a caller's flags.
    async fn sampled(settings: SamplerSettings, function: &str, flags: Option<&str>) -> usize {
        let functions =
            Functions::<()>::new().http("Trace", get("trace"), trace).http("Moved", get("moved"), moved);
        let app = TestApp::new(functions.all().unwrap().with_state(()).sample_spans(Some(sampler(settings))));
        let mut count = 0;
        for number in 0..1000_u64 {
            // The ratio is compared with the lower half of the id.
            let id = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1 << 100;
            let mut request = Request::get(format!("/api/{function}"));
            if let Some(flags) = flags {
                request = request.header("traceparent", format!("00-{id:032x}-00f067aa0ba902b7-{flags}"));
            }
            let answer =
                app.http(InvocationMode::ALL[0], request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK);
            count += usize::from(answer.text().parse::<TraceContext>().unwrap().is_sampled());
        }
        count
    }

    const fn settings(is_parent_based: bool, ratio: f64) -> SamplerSettings {
        SamplerSettings { is_parent_based, ratio }
    }

    #[tokio::test]
    async fn a_callers_flag_counts_up_to_the_ratio() {
        for (is_parent_based, ratio, flags, expected) in [
            (true, 1.0, None, 1000..=1000),
            (true, 1.0, Some("01"), 1000..=1000),
            (true, 1.0, Some("00"), 0..=0),
            (true, 0.1, None, 50..=150),
            (true, 0.1, Some("01"), 50..=150),
            (true, 0.1, Some("00"), 0..=0),
            (true, 0.0, Some("01"), 0..=0),
            (false, 1.0, Some("00"), 1000..=1000),
            (false, 0.1, Some("01"), 50..=150),
            (false, 0.1, Some("00"), 50..=150),
            (false, 0.0, Some("01"), 0..=0),
        ] {
            let sampled = sampled(settings(is_parent_based, ratio), "trace", flags).await;
            assert!(expected.contains(&sampled), "{is_parent_based} {ratio} {flags:?}: {sampled}");
        }
    }

    #[tokio::test]
    async fn the_flag_of_our_own_message_counts_whatever_the_ratio() {
        assert_eq!(sampled(settings(true, 0.0), "moved", Some("00")).await, 1000);
        assert_eq!(sampled(settings(false, 0.0), "moved", Some("00")).await, 0, "nothing is exported at all");
    }
}

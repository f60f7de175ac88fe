//! What ended becomes a span.

use std::{collections::HashMap, sync::Arc, time::Duration};

use azure_functions_handler::{PARENT_SPAN_ID, SPAN_ID, TRACE_ID};
use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator, SpanData, SpanEvents, SpanLinks};

use super::{
    invocation::{OngoingInvocation, Period},
    settings::FunctionAttributes,
    span_queue::SpanQueue,
    statement,
};
use crate::{clock::Clock, telemetry::fields::Fields};

/// What the caller saw of an HTTP function, or the worker of a service.
const STATUS: &str = "http.response.status_code";
const ERROR_TYPE: &str = "error.type";

/// Makes spans, and leaves them in the queue.
///
/// The SDK's own tracer would fix a span's trace and id when the invocation begins. A queued message names its trace
/// itself, and its function reads it after that; and messages carry the ids although nothing is exported.
#[derive(Debug)]
pub(super) struct Spans {
    queue: Arc<SpanQueue>,
    functions: HashMap<&'static str, Vec<KeyValue>>,
    /// `db.system.name`.
    database: &'static str,
    scope: InstrumentationScope,
    ids: RandomIdGenerator,
}

/// The ids of a span, of those that are exported.
#[derive(Clone, Copy)]
struct Ids {
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    is_parent_remote: bool,
}

/// Everything else of a span.
struct Content {
    name: String,
    kind: SpanKind,
    period: Period,
    attributes: Vec<KeyValue>,
    status: Status,
}

impl Spans {
    pub(super) fn new(queue: Arc<SpanQueue>, functions: &FunctionAttributes, database: &'static str) -> Self {
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        let attribute = |(name, value): &(&'static str, String)| KeyValue::new(*name, value.clone());
        let functions = functions
            .iter()
            .map(|(name, attributes)| (*name, attributes.iter().map(attribute).collect()))
            .collect();
        Self { queue, functions, database, scope, ids: RandomIdGenerator::default() }
    }

    /// The span of an invocation that ended.
    pub(super) fn invocation(&self, invocation: &OngoingInvocation, ending: &Fields, clock: Clock) {
        let known = |name: &str| invocation.fields.get::<String>(name);
        let (Some((trace, id)), Some(trigger), Some(outcome)) =
            (ids(invocation), ending.get::<String>("trigger"), ending.get::<String>("outcome"))
        else {
            return;
        };
        let parent = known(PARENT_SPAN_ID).and_then(|parent| SpanId::from_hex(&parent).ok());
        let (kind, trigger) = kind(&trigger);
        let mut attributes = vec![KeyValue::new("faas.trigger", trigger)];
        attributes.extend(known("invocation_id").map(|id| KeyValue::new("faas.invocation_id", id)));
        if trigger == "http" {
            attributes.extend(ending.get("status").map(|status: i64| KeyValue::new(STATUS, status)));
        }
        let function = known("function").unwrap_or_default();
        attributes.extend_from_slice(self.functions.get(function.as_str()).map_or(&[], Vec::as_slice));
        let status = if outcome == "failed" { Status::error("") } else { Status::Unset };
        attributes.push(KeyValue::new("outcome", outcome));
        let name = if function.is_empty() { "no function".to_owned() } else { function };
        let ids = Ids { trace, id, parent, is_parent_remote: true };
        self.push(ids, Content { name, kind, period: invocation.period(clock), attributes, status });
    }

    /// The span of a statement that ended, below the invocation's.
    pub(super) fn statement(&self, invocation: &OngoingInvocation, logged: &Fields, clock: Clock) {
        let Some((trace, parent)) = ids(invocation) else { return };
        // The whole text stands only where it is longer than its summary.
        let text = logged.get::<String>("db.statement").filter(|text| !text.is_empty());
        let Some(text) = text.or_else(|| logged.get("summary")) else { return };
        let Some(statement) = statement::parse(&text) else { return };
        let mut attributes = vec![
            KeyValue::new("db.system.name", self.database),
            KeyValue::new("db.operation.name", statement.operation.to_owned()),
        ];
        let table = statement.table.map(str::to_owned);
        attributes.extend(table.map(|table| KeyValue::new("db.collection.name", table)));
        let name = [Some(statement.operation), statement.table].into_iter().flatten();
        let passed = logged.get("elapsed_secs").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let content = Content {
            name: name.collect::<Vec<_>>().join(" "),
            kind: SpanKind::Client,
            period: invocation.last(passed.unwrap_or_default(), clock),
            attributes,
            status: Status::Unset,
        };
        let id = self.ids.new_span_id();
        self.push(Ids { trace, id, parent: Some(parent), is_parent_remote: false }, content);
    }

    /// The span of a call of another service that ended, below the invocation's.
    pub(super) fn service_call(&self, invocation: &OngoingInvocation, logged: &Fields, clock: Clock) {
        let Some((trace, parent)) = ids(invocation) else { return };
        let text = |name: &str| logged.get::<String>(name);
        let (Some(service), Some(method)) = (text("service"), text("method")) else { return };
        let status = logged.get::<u16>("status");
        let error = text("error").or_else(|| status.filter(|status| *status >= 400).map(|it| it.to_string()));
        let mut attributes = vec![
            KeyValue::new("peer.service", service),
            KeyValue::new("http.request.method", method.clone()),
        ];
        attributes.extend(status.map(|status| KeyValue::new(STATUS, i64::from(status))));
        let is_error = error.is_some();
        attributes.extend(error.map(|error| KeyValue::new(ERROR_TYPE, error)));
        let sent = text("client_span_id").and_then(|id| SpanId::from_hex(&id).ok());
        let id = sent.unwrap_or_else(|| self.ids.new_span_id());
        let passed = Duration::from_micros(logged.get("duration_us").unwrap_or_default());
        let content = Content {
            name: method,
            kind: SpanKind::Client,
            period: invocation.last(passed, clock),
            attributes,
            status: if is_error { Status::error("") } else { Status::Unset },
        };
        self.push(Ids { trace, id, parent: Some(parent), is_parent_remote: false }, content);
    }

    fn push(&self, ids: Ids, content: Content) {
        let Ids { trace, id, parent, is_parent_remote } = ids;
        let Content { name, kind, period, attributes, status } = content;
        self.queue.push(SpanData {
            span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: parent.is_some() && is_parent_remote,
            span_kind: kind,
            name: name.into(),
            start_time: period.began.into(),
            end_time: period.ended.into(),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        });
    }
}

/// The trace and the span of an invocation; none where it is not exported.
fn ids(invocation: &OngoingInvocation) -> Option<(TraceId, SpanId)> {
    let trace = TraceId::from_hex(&invocation.fields.get::<String>(TRACE_ID)?).ok()?;
    let id = SpanId::from_hex(&invocation.fields.get::<String>(SPAN_ID)?).ok()?;
    Some((trace, id))
}

/// The kind of span of this trigger, and its `faas.trigger`.
fn kind(trigger: &str) -> (SpanKind, &'static str) {
    match trigger {
        "queue" => (SpanKind::Consumer, "pubsub"),
        "timer" => (SpanKind::Internal, "timer"),
        "http" => (SpanKind::Server, "http"),
        _ => (SpanKind::Server, "other"),
    }
}

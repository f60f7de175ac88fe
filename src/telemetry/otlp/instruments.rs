//! What is counted and measured. No attribute names a caller, an id or a path.

use std::collections::HashMap;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter},
};

use super::{invocation::OngoingInvocation, settings::FunctionAttributes};
use crate::{clock::Clock, telemetry::fields::Fields};

/// The bounds of the semantic conventions for durations of HTTP requests, in seconds.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The status of a request that was over a limit of its caller.
const TOO_MANY_REQUESTS: u16 = 429;

/// The worker's instruments. `docs/tracing.md#metrics` lists them.
#[derive(Debug)]
pub(super) struct Instruments {
    /// Method and route of each HTTP function.
    http_functions: HashMap<&'static str, Vec<KeyValue>>,
    invocations: Counter<u64>,
    invocation_duration: Histogram<f64>,
    request_duration: Histogram<f64>,
    active_requests: UpDownCounter<i64>,
    limited: Counter<u64>,
    denied: Counter<u64>,
    outbox_age: Gauge<u64>,
    outbox_rows: Gauge<u64>,
    dead_letters: Gauge<u64>,
    connections_used: Gauge<u64>,
    connections_max: Gauge<u64>,
    certificate_days: Gauge<i64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter, functions: &FunctionAttributes) -> Self {
        let seconds = |name, what| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(what)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        let counter =
            |name, unit, what| meter.u64_counter(name).with_unit(unit).with_description(what).build();
        let gauge = |name, unit, what| meter.u64_gauge(name).with_unit(unit).with_description(what).build();
        Self {
            http_functions: http_functions(functions),
            invocations: counter("faas.invocations", "{invocation}", "Invocations that ended."),
            invocation_duration: seconds("faas.invoke_duration", "How long an invocation took."),
            request_duration: seconds("http.server.request.duration", "How long an HTTP request took."),
            active_requests: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("HTTP requests under way.")
                .build(),
            limited: counter(
                "orders.requests.limited",
                "{request}",
                "Requests over a limit of their caller.",
            ),
            denied: counter("orders.requests.denied", "{request}", "Requests whose caller was refused."),
            outbox_age: gauge(
                "orders.outbox.age",
                "s",
                "Age of the oldest message that was not acknowledged.",
            ),
            outbox_rows: gauge("orders.outbox.rows", "{message}", "Messages that were not acknowledged."),
            dead_letters: gauge("orders.dead_letters", "{message}", "Dead letters that were not replayed."),
            connections_used: gauge("orders.database.connections.used", "{connection}", "Busy connections."),
            connections_max: gauge("orders.database.connections.max", "{connection}", "Size of the pool."),
            certificate_days: meter
                .i64_gauge("orders.certificate.days")
                .with_unit("d")
                .with_description("Days until the client certificate for the fulfilment backend expires.")
                .build(),
        }
    }

    /// An invocation begins.
    pub(super) fn begin(&self, invocation: &OngoingInvocation) {
        self.count_active(invocation, 1);
    }

    /// An invocation is over, however it ended.
    pub(super) fn end(&self, invocation: &OngoingInvocation) {
        self.count_active(invocation, -1);
    }

    /// The line with which an invocation ends.
    pub(super) fn invocation(&self, invocation: &OngoingInvocation, ending: &Fields, clock: Clock) {
        let period = invocation.period(clock);
        let seconds = (period.ended - period.began).as_seconds_f64();
        let text = |name: &str| ending.get::<String>(name).unwrap_or_default();
        let (trigger, outcome) = (text("trigger"), text("outcome"));
        let function = invocation.fields.get::<String>("function").unwrap_or_default();
        if trigger == "http" {
            let mut attributes = self.http_functions.get(function.as_str()).cloned().unwrap_or_default();
            let status: u16 = ending.get("status").unwrap_or_default();
            attributes.push(KeyValue::new("http.response.status_code", i64::from(status)));
            self.request_duration.record(seconds, &attributes);
            if status == TOO_MANY_REQUESTS {
                self.limited.add(1, &[]);
            }
        }
        if let Some(reason) = invocation.fields.get::<String>("denied") {
            self.denied.add(1, &[KeyValue::new("reason", reason)]);
        }
        let attributes = [
            KeyValue::new("faas.name", function),
            KeyValue::new("faas.trigger", trigger),
            KeyValue::new("outcome", outcome),
        ];
        self.invocations.add(1, &attributes);
        self.invocation_duration.record(seconds, &attributes);
    }

    /// The line about database and queues, once a minute.
    pub(super) fn gauges(&self, line: &Fields) {
        let record = |gauge: &Gauge<u64>, name| {
            // No open row means that none waits.
            gauge.record(line.get(name).unwrap_or_default(), &[]);
        };
        record(&self.outbox_age, "oldest_open_seconds");
        record(&self.outbox_rows, "open_rows");
        record(&self.dead_letters, "unreplayed_dead_letters");
        record(&self.connections_used, "pool_in_use");
        record(&self.connections_max, "pool_size");
        if let Some(days) = line.get("certificate_days") {
            self.certificate_days.record(days, &[]);
        }
    }

    fn count_active(&self, invocation: &OngoingInvocation, change: i64) {
        let function = invocation.fields.get::<String>("function").unwrap_or_default();
        if let Some(attributes) = self.http_functions.get(function.as_str()) {
            self.active_requests.add(change, attributes);
        }
    }
}

fn http_functions(functions: &FunctionAttributes) -> HashMap<&'static str, Vec<KeyValue>> {
    let http = functions.iter().filter_map(|(name, attributes)| {
        let of_http: Vec<_> = attributes
            .iter()
            .filter(|(key, _)| key.starts_with("http."))
            .map(|(key, value)| KeyValue::new(*key, value.clone()))
            .collect();
        (!of_http.is_empty()).then_some((*name, of_http))
    });
    http.collect()
}

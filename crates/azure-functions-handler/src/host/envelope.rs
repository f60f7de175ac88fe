//! The envelope entrance: `{Data, Metadata}` in, `{Outputs, Logs, ReturnValue}` out.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Answer, Call, Delivery, Function, OnCall, OnDelivery, OnTick, Refusal, Retry, Tick, Trigger,
    answer::{self, Outputs},
    run,
    server::Serving,
};
use crate::{
    Body, BodyError, Invocation, Refused, RequestSlot,
    envelope::{self as request, Malformed, Request},
    event::Event,
    ids,
    outcome::{Outcome, log_defect, with_deadline},
    response, route,
};

/// Why there is no call to make.
enum Fault {
    /// The app has words for it, which an HTTP caller gets to see.
    Refused(Refusal),
    /// This is no envelope of the function's trigger.
    Malformed(Malformed),
}

/// Runs one invocation and puts its result into an envelope, which has to be whole by then.
pub(super) async fn call<A: Send + Sync + 'static>(
    serving: &Serving<A>,
    function: &Function<A>,
    slot: RequestSlot,
    whole_by: Instant,
    (id, parts, body): (Uuid, Parts, Body),
) -> Outcome {
    let transport = ids::traceparent(&parts.headers);
    let visit = Visit { serving, function, slot: Arc::new(slot), whole_by, id, transport };
    match &function.trigger {
        Trigger::Http { binding, run, .. } => visit.http(binding, *run, body).await,
        Trigger::Queue { binding, run, .. } => visit.queue(binding, *run, body).await,
        Trigger::Timer { binding, run, .. } => visit.timer(binding, *run, body).await,
    }
}

/// Refuses a call because too many run: in an envelope if the caller can read the answer, else by failing.
pub(super) fn busy<A: Send + Sync + 'static>(
    serving: &Serving<A>,
    function: &Function<A>,
    (id, parts): (Uuid, &Parts),
) -> Outcome {
    let invocation = run::begun(serving, (id, function.name), ids::traceparent(&parts.headers));
    let refused = match function.trigger {
        Trigger::Http { .. } => wrapped(&(serving.host.refuse)(Refusal::Busy, &invocation), Outputs::new()),
        _ => unread(),
    };
    Outcome { is_counted: true, ..refused }
}

/// What the steps of one invocation share.
struct Visit<'a, A> {
    serving: &'a Serving<A>,
    function: &'a Function<A>,
    slot: Arc<RequestSlot>,
    whole_by: Instant,
    id: Uuid,
    transport: Option<String>,
}

impl<A: Send + Sync + 'static> Visit<'_, A> {
    async fn http(self, binding: &str, run: OnCall<A>, body: Body) -> Outcome {
        let host = &self.serving.host;
        let deadline = Instant::now() + host.limits.http;
        let opened = self.open(body, deadline, |envelope| request::http(envelope, binding)).await;
        let inner = opened.as_ref().ok().and_then(|request| ids::traceparent(&request.headers));
        let traceparent = inner.or_else(|| self.transport.clone());
        let invocation = self.begun(traceparent);
        let matched = opened.and_then(|request| match self.params(&request) {
            Some(params) => Ok((request, params)),
            None => Err(Fault::Refused(Refusal::NotFound)),
        });
        let (request, params) = match matched {
            Ok(matched) => matched,
            Err(Fault::Refused(refusal)) => {
                return wrapped(&(host.refuse)(refusal, &invocation), Outputs::new());
            }
            Err(Fault::Malformed(why)) => return failed(why.reason()),
        };
        let Request { method, query, headers, body, .. } = request;
        let slot = Arc::clone(&self.slot);
        let call = Call { invocation, method, params, query, headers, body, slot, carries_outputs: true };
        let (answer, messages) = run::answered(self.serving, self.function, run, call, deadline).await;
        wrapped(&answer, messages)
    }

    async fn queue(self, binding: &str, run: OnDelivery<A>, body: Body) -> Outcome {
        let deadline = Instant::now() + self.serving.host.limits.queue;
        let opened = self.open(body, deadline, |envelope| request::delivery(envelope, binding)).await;
        let invocation = self.begun(self.transport.clone());
        let (payload, dequeue_count) = match opened {
            Ok(opened) => opened,
            Err(fault) => return failed(fault.reason()),
        };
        self.slot.read_for_host();
        let app = Arc::clone(&self.serving.host.app);
        let work = async { run(app, Delivery { invocation, payload, dequeue_count }).await };
        match with_deadline(deadline, work).await {
            Ok(Ok(())) => settled(&Outputs::new()),
            Ok(Err(Retry(reason))) => failed(reason),
            Err(cut) => failed(Refusal::from(cut).reason()),
        }
    }

    async fn timer(self, binding: &str, run: OnTick<A>, body: Body) -> Outcome {
        let deadline = Instant::now() + self.serving.host.limits.queue;
        let opened = self.open(body, deadline, |envelope| request::tick(envelope, binding)).await;
        let invocation = self.begun(self.transport.clone());
        if let Err(fault) = opened {
            return failed(fault.reason());
        }
        self.slot.read_for_host();
        let app = Arc::clone(&self.serving.host.app);
        let work = async { run(app, Tick { invocation }).await };
        let messages = match with_deadline(deadline, work).await {
            Ok(Ok(messages)) => messages,
            Ok(Err(Retry(reason))) => return failed(reason),
            Err(cut) => return failed(Refusal::from(cut).reason()),
        };
        match answer::outputs(&messages, self.function.outputs) {
            Ok(outputs) => settled(&outputs),
            Err(defect) => {
                log_defect(&defect);
                failed("its messages cannot travel")
            }
        }
    }

    fn begun(&self, traceparent: Option<String>) -> Invocation {
        run::begun(self.serving, (self.id, self.function.name), traceparent)
    }

    /// Reads the envelope and looks into it.
    async fn open<T>(
        &self,
        body: Body,
        deadline: Instant,
        look: impl FnOnce(&Bytes) -> Result<T, Malformed>,
    ) -> Result<T, Fault> {
        let read = body.read_by(self.whole_by, self.serving.host.limits.envelope);
        match with_deadline(deadline, read).await {
            Ok(Ok(envelope)) => look(&envelope).map_err(Fault::from),
            Ok(Err(BodyError::TooLarge)) => Err(Fault::Refused(Refusal::TooLarge)),
            Ok(Err(BodyError::Interrupted)) => Err(Fault::Malformed(Malformed::Interrupted)),
            Ok(Err(BodyError::TooSlow)) => {
                self.serving.host.concurrency.count(Refused::SlowBody);
                Err(Fault::Refused(Refusal::BodyTooSlow))
            }
            Err(cut) => Err(Fault::Refused(cut.into())),
        }
    }

    /// The parameters if the caller's request is one of this function's, by our own match.
    fn params(&self, request: &Request) -> Option<Vec<(&'static str, String)>> {
        match &self.function.trigger {
            Trigger::Http { method, route, .. } if *method == request.method => {
                route::matched(self.serving.host.prefix, route, &request.path)
            }
            _ => None,
        }
    }
}

/// What the caller sent wrongly is told to the caller; what the host did fails the invocation.
impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::NotCarried => Self::Refused(Refusal::Unreadable),
            Malformed::TooManyHeaders => Self::Refused(Refusal::HeadTooLarge),
            Malformed::Interrupted | Malformed::Envelope | Malformed::NotHttp | Malformed::Http => {
                Self::Malformed(malformed)
            }
        }
    }
}

impl Fault {
    fn reason(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Malformed(malformed) => malformed.reason(),
        }
    }
}

fn wrapped(answer: &Answer, messages: Outputs) -> Outcome {
    Outcome { status: answer.status, response: answer::wrapped(answer, messages), is_counted: false }
}

fn settled(outputs: &Outputs) -> Outcome {
    Outcome::of(response::success(outputs, &[]))
}

fn failed(reason: &'static str) -> Outcome {
    Event::InvocationFailed { reason, error: None }.log();
    unread()
}

fn unread() -> Outcome {
    Outcome::of(answer::failed())
}

//! Triggers and output bindings: one builder for each kind of trigger.

use http::Method;
use serde_json::{Map, Value};

/// Which key the Functions host demands of a caller
/// (<https://learn.microsoft.com/azure/azure-functions/function-keys-how-to>), the weakest first.
///
/// The host checks the key, and hands on the request without the function's name: this crate finds the function again by
/// method and path. A host that forwards (`enableForwardingHttpRequest` without `enableProxyingHttpRequest`) changes the path in
/// between, so that a request which passed the key of one function can arrive with the path of another one. Set
/// `enableProxyingHttpRequest` where functions have different keys.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AuthLevel {
    /// None.
    Anonymous,
    /// A function key or a host key.
    Function,
    /// The master key.
    Admin,
}

impl AuthLevel {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Function => "function",
            Self::Admin => "admin",
        }
    }
}

/// A trigger of kind `K`, with its outputs and with what the function needs, in the app's own type `Need`.
#[derive(Clone, Debug)]
pub struct Trigger<K, Need> {
    pub(crate) kind: K,
    pub(crate) binding: &'static str,
    pub(crate) outputs: Vec<OutputBinding>,
    pub(crate) needs: Vec<Need>,
}

/// The trigger of an HTTP function.
pub type HttpTrigger<Need> = Trigger<Http, Need>;
/// The trigger of a function that takes messages of a storage queue.
pub type QueueTrigger<Need> = Trigger<Queue, Need>;
/// The trigger of a function that runs on a schedule.
pub type TimerTrigger<Need> = Trigger<Timer, Need>;
/// Any other trigger.
pub type OtherTrigger<Need> = Trigger<Other, Need>;

/// An `httpTrigger`.
#[derive(Clone, Debug)]
pub struct Http {
    pub(crate) methods: Vec<Method>,
    pub(crate) route: &'static str,
    pub(crate) auth_level: AuthLevel,
}

/// A `queueTrigger`.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) queue: &'static str,
    pub(crate) connection: Option<&'static str>,
}

/// A `timerTrigger`.
#[derive(Clone, Debug)]
pub struct Timer {
    pub(crate) schedule: &'static str,
    pub(crate) is_monitored: bool,
}

/// A trigger of another type.
#[derive(Clone, Debug)]
pub struct Other {
    pub(crate) kind: &'static str,
    pub(crate) properties: Map<String, Value>,
}

/// An output binding of a function.
#[derive(Clone, Debug)]
pub struct OutputBinding {
    pub(crate) name: &'static str,
    pub(crate) kind: OutputKind,
    pub(crate) connection: Option<&'static str>,
    pub(crate) properties: Map<String, Value>,
}

/// The service that an output binding writes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OutputKind {
    /// This queue.
    Queue(&'static str),
    /// A binding of this type.
    Other(&'static str),
}

fn trigger<K, Need>(kind: K, binding: &'static str) -> Trigger<K, Need> {
    Trigger { kind, binding, outputs: Vec::new(), needs: Vec::new() }
}

/// An HTTP function at this route, below the route prefix of host.json, for these methods; none means all.
///
/// The route is one of the Functions host: literal segments, `{name}`, `{name?}` at the end, and `{*name}` at the end for
/// all that follows. The host checks constraints such as `{id:int}`; see [`route::match_path`](crate::route::match_path). Of several functions whose routes fit a request, the
/// host calls the first by name, not the one with the most exact route.
pub fn methods<Need>(methods: impl IntoIterator<Item = Method>, route: &'static str) -> HttpTrigger<Need> {
    let methods = methods.into_iter().collect();
    trigger(Http { methods, route, auth_level: AuthLevel::Anonymous }, "req")
}

/// An HTTP function for all methods; see [`methods`].
#[must_use]
pub fn any<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([], route)
}

/// An HTTP function for GET; see [`methods`].
#[must_use]
pub fn get<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([Method::GET], route)
}

/// An HTTP function for POST; see [`methods`].
#[must_use]
pub fn post<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([Method::POST], route)
}

/// An HTTP function for PUT; see [`methods`].
#[must_use]
pub fn put<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([Method::PUT], route)
}

/// An HTTP function for PATCH; see [`methods`].
#[must_use]
pub fn patch<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([Method::PATCH], route)
}

/// An HTTP function for DELETE; see [`methods`].
#[must_use]
pub fn delete<Need>(route: &'static str) -> HttpTrigger<Need> {
    methods([Method::DELETE], route)
}

/// A function that takes the messages of this storage queue.
#[must_use]
pub fn queue<Need>(queue: &'static str) -> QueueTrigger<Need> {
    trigger(Queue { queue, connection: None }, "message")
}

/// A function that runs on this schedule: six fields of NCRONTAB, seconds first.
#[must_use]
pub fn timer<Need>(schedule: &'static str) -> TimerTrigger<Need> {
    trigger(Timer { schedule, is_monitored: true }, "timer")
}

/// A function with a trigger of another type, such as `serviceBusTrigger` or `blobTrigger`. The function's handler
/// takes [`TriggerData`](crate::TriggerData) and [`Metadata`](crate::Metadata).
#[must_use]
pub fn other<Need>(kind: &'static str) -> OtherTrigger<Need> {
    trigger(Other { kind, properties: Map::new() }, "trigger")
}

/// An output binding that puts messages into this storage queue.
#[must_use]
pub fn queue_output(name: &'static str, queue: &'static str) -> OutputBinding {
    output(name, OutputKind::Queue(queue))
}

/// An output binding of another type, such as `serviceBus` or `blob`.
#[must_use]
pub fn other_output(name: &'static str, kind: &'static str) -> OutputBinding {
    output(name, OutputKind::Other(kind))
}

fn output(name: &'static str, kind: OutputKind) -> OutputBinding {
    OutputBinding { name, kind, connection: None, properties: Map::new() }
}

impl<K, Need> Trigger<K, Need> {
    /// Names the trigger's binding.
    #[must_use]
    pub fn binding(mut self, name: &'static str) -> Self {
        self.binding = name;
        self
    }

    /// Adds an output binding. The host calls a function that has one with an envelope, also over HTTP.
    #[must_use]
    pub fn output(mut self, output: OutputBinding) -> Self {
        self.outputs.push(output);
        self
    }

    /// Says that the function needs this; the app reads it again from [`Deployed::needs`](crate::Deployed::needs).
    #[must_use]
    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }
}

impl<Need> HttpTrigger<Need> {
    /// Which key a caller has to show; none if this is not called.
    #[must_use]
    pub fn auth_level(mut self, level: AuthLevel) -> Self {
        self.kind.auth_level = level;
        self
    }
}

impl<Need> QueueTrigger<Need> {
    /// The app setting, or the prefix of app settings, that contains the queue's connection; `AzureWebJobsStorage` if
    /// not called.
    #[must_use]
    pub fn connection(mut self, setting: &'static str) -> Self {
        self.kind.connection = Some(setting);
        self
    }
}

impl<Need> TimerTrigger<Need> {
    /// The host stores no record of the last run, and so never makes up for a missed one.
    #[must_use]
    pub fn unmonitored(mut self) -> Self {
        self.kind.is_monitored = false;
        self
    }
}

impl<Need> From<&'static str> for TimerTrigger<Need> {
    fn from(schedule: &'static str) -> Self {
        timer(schedule)
    }
}

impl<Need> From<&'static str> for QueueTrigger<Need> {
    fn from(name: &'static str) -> Self {
        queue(name)
    }
}

impl<Need> OtherTrigger<Need> {
    /// Sets a property of the binding, such as `queueName` or `connection`.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.kind.properties.insert(name.to_owned(), value.into());
        self
    }
}

impl OutputBinding {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The queue, if it is a queue output.
    #[must_use]
    pub const fn queue(&self) -> Option<&'static str> {
        match &self.kind {
            OutputKind::Queue(queue) => Some(queue),
            OutputKind::Other(_) => None,
        }
    }

    /// The app setting, or the prefix of app settings, that contains the output's connection; `AzureWebJobsStorage` if
    /// not called.
    #[must_use]
    pub fn connection(mut self, setting: &'static str) -> Self {
        self.connection = Some(setting);
        self
    }

    /// Sets a property of a binding that [`other_output`] made; a queue output with a property is refused.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(name.to_owned(), value.into());
        self
    }
}

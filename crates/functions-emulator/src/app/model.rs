//! The contents of an app's host.json and function.json files.

use std::{fmt, path::PathBuf, time::Duration};

use functions_lint::{command_line::CommandLine, retry::RetryPolicy};

/// host.json with its defaults filled in and `AzureFunctionsJobHost__…` overrides applied.
#[derive(Clone, Debug)]
pub struct HostJson {
    /// `functionTimeout`; at its end the worker is killed.
    pub function_timeout: Duration,
    /// `customHandler`.
    pub custom_handler: CustomHandler,
    /// `extensions.http.routePrefix` without what ASP.NET skips at its beginning; `api` by default.
    pub route_prefix: String,
    /// `extensions.http.customHeaders`, added to every function's answer. `hsts` adds its header over https alone,
    /// which this host does not speak.
    pub added_headers: Vec<(String, String)>,
    /// `extensions.http.maxOutstandingRequests`: calls under way beyond which 429 is answered; no limit by default.
    pub max_outstanding_requests: Option<usize>,
    /// `extensions.http.maxConcurrentRequests`: calls that run at once, the others wait; no limit by default.
    pub max_concurrent_requests: Option<usize>,
    /// `extensions.queues`.
    pub queues: QueueOptions,
}

/// `customHandler` of host.json.
#[derive(Clone, Debug)]
pub struct CustomHandler {
    /// The program to start: joined to the app root where that file exists, else looked up on PATH. The worker's own
    /// variables are not put in yet.
    pub executable: PathBuf,
    /// `description.workingDirectory`; the app root by default.
    pub working_directory: PathBuf,
    /// `arguments`, `defaultWorkerPath` and `workerArguments`, which the host joins and splits at each start.
    pub command_line: CommandLine,
    /// `port`, where the program listens even if its environment names another; a free one if not given.
    pub port: Option<u16>,
    /// `initializationTimeout`, 30 s by default.
    pub initialization_timeout: Duration,
    /// `enableForwardingHttpRequest`.
    pub forwards: bool,
    /// `enableProxyingHttpRequest`; wins over forwarding.
    pub proxies: bool,
    /// The section is the older `httpWorker`: requests are forwarded to `/<FunctionName>`.
    pub is_legacy: bool,
}

/// `extensions.queues` of host.json.
#[derive(Clone, Debug)]
pub struct QueueOptions {
    /// Messages fetched at once, 1 to 32; 16 by default.
    pub batch_size: usize,
    /// Running messages below which the next batch is fetched; half the batch size times cores by default.
    pub new_batch_threshold: usize,
    /// Delay before a failed message is seen again; none by default.
    pub visibility_timeout: Duration,
    /// Deliveries after which a failing message goes to the poison queue; 5 by default.
    pub max_dequeue_count: u32,
    /// Longest wait between two looks at an empty queue; 1 min by default.
    pub max_polling_interval: Duration,
    /// `messageEncoding`.
    pub encoding: MessageEncoding,
}

/// How message bytes are written into a queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageEncoding {
    /// Standard base64 of the bytes: the default.
    Base64,
    /// The text itself.
    None,
}

/// One function folder.
#[derive(Clone, Debug)]
pub struct Function {
    /// The folder's name, spelling kept.
    pub name: String,
    /// The function's trigger.
    pub trigger: Trigger,
    /// Its out bindings, in the sequence of function.json.
    pub outputs: Vec<Output>,
    /// Bindings beside the trigger that this host reads nothing from: the worker gets null for each.
    pub inputs: Vec<Input>,
    /// `retry`, which timers alone have.
    pub retry: Option<RetryPolicy>,
}

impl Function {
    /// Whether an HTTP trigger and an `http` output are all it has: only then can the request itself reach the
    /// worker.
    #[must_use]
    pub fn is_http_in_out(&self) -> bool {
        matches!(self.trigger.kind, TriggerKind::Http { .. })
            && self.inputs.is_empty()
            && matches!(self.outputs.as_slice(), [Output { kind: OutputKind::Http, .. }])
    }
}

/// The one trigger of a function, with its binding's name.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The binding's `name`: the key in `Data`.
    pub binding: String,
    /// The kind of event that triggers the function.
    pub kind: TriggerKind,
    /// `dataType` of the trigger.
    pub data_type: DataType,
}

/// `dataType` of a binding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DataType {
    /// Not given.
    Unset,
    /// `string`.
    String,
    /// `binary`.
    Binary,
    /// `stream`.
    Stream,
}

/// The `connection` of a queue binding: the name of a setting, or what such settings begin with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connection(String);

impl Connection {
    /// The connection with this name, as a binding gives it in `connection`.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// The connection of the host's own storage, which a binding without a connection uses.
impl Default for Connection {
    fn default() -> Self {
        Self::from_name("AzureWebJobsStorage")
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The kinds of trigger that this host serves.
#[derive(Clone, Debug)]
pub enum TriggerKind {
    /// `httpTrigger`.
    Http {
        /// Upper-case methods; none for all, and an empty list for no method at all.
        methods: Option<Vec<String>>,
        /// Route template below the prefix; the function's name by default.
        route: String,
        /// `authLevel`; `function` by default.
        auth_level: AuthLevel,
    },
    /// `queueTrigger`.
    Queue {
        /// `queueName`, lower case, `%Setting%` resolved.
        queue: String,
        /// `connection`, `%Setting%` resolved.
        connection: Connection,
    },
    /// `timerTrigger`.
    Timer {
        /// The schedule: NCRONTAB with five or six fields, or a time span.
        schedule: String,
        /// `runOnStartup`.
        run_on_startup: bool,
        /// `useMonitor`.
        use_monitor: bool,
    },
    /// A trigger of any other type: only a manual run starts the function here.
    Other {
        /// `type` as it is written.
        kind: String,
    },
}

/// `authLevel` of an HTTP trigger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthLevel {
    /// No key.
    Anonymous,
    /// A signed-in user, which the host itself does not ask for.
    User,
    /// A function, host or master key.
    Function,
    /// A system key, which belongs to an extension; the master key is accepted too.
    System,
    /// The master key.
    Admin,
}

/// A binding beside the trigger from which the real host would read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Input {
    /// The binding's `name`: the key in `Data`.
    pub binding: String,
    /// `type` as it is written.
    pub kind: String,
}

/// An out binding.
#[derive(Clone, Debug)]
pub struct Output {
    /// The binding's `name`, or `$return`.
    pub binding: String,
    /// Where it goes.
    pub kind: OutputKind,
    /// `dataType`, which switches the base64 decoding off when `binary`.
    pub data_type: DataType,
}

/// The kinds of out binding that this host serves.
#[derive(Clone, Debug)]
pub enum OutputKind {
    /// `http`: the answer to the caller.
    Http,
    /// `queue`: messages.
    Queue {
        /// `queueName`, lower case, `%Setting%` resolved.
        queue: String,
        /// `connection`, `%Setting%` resolved.
        connection: Connection,
    },
    /// Any other binding: its value is shown and not sent.
    Other {
        /// `type` as it is written.
        kind: String,
    },
}

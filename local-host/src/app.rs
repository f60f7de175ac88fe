//! What an app folder says: host.json, one function.json a function, and the settings that override them.

use std::{path::PathBuf, time::Duration};

/// An app as the host sees it after start: settings of the whole app, and its functions.
#[derive(Clone, Debug)]
pub struct App {
    /// The folder that holds host.json and the function folders.
    pub root: PathBuf,
    /// host.json, overrides applied.
    pub host: HostJson,
    /// Every enabled function, in the order of their folder names.
    pub functions: Vec<Function>,
}

/// host.json with its defaults filled in and `AzureFunctionsJobHost__…` overrides applied.
#[derive(Clone, Debug)]
pub struct HostJson {
    /// `functionTimeout`; at its end the worker is killed (protocol sheet §1.6).
    pub function_timeout: Duration,
    /// `customHandler`.
    pub custom_handler: CustomHandler,
    /// `extensions.http.routePrefix`, without slashes at its ends; `api` by default.
    pub route_prefix: String,
    /// `extensions.http.customHeaders` and `hsts`, as headers added to every function's answer.
    pub added_headers: Vec<(String, String)>,
    /// `extensions.queues`.
    pub queues: QueueOptions,
}

/// `customHandler` of host.json (protocol sheet §1.1, §2.1).
#[derive(Clone, Debug)]
pub struct CustomHandler {
    /// The program to start: joined to the app root where that file exists, else looked up on PATH.
    pub executable: PathBuf,
    /// `description.workingDirectory`; the app root by default.
    pub working_directory: PathBuf,
    /// `arguments`, then `defaultWorkerPath`, then `workerArguments`, as the host joins them.
    pub arguments: Vec<String>,
    /// `initializationTimeout`, 30 s by default.
    pub initialization_timeout: Duration,
    /// `enableForwardingHttpRequest`.
    pub forwards: bool,
    /// `enableProxyingHttpRequest`; wins over forwarding.
    pub proxies: bool,
}

/// `extensions.queues` of host.json (protocol sheet §5.1).
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
    /// What starts it.
    pub trigger: Trigger,
    /// Its out bindings, in the order of function.json.
    pub outputs: Vec<Output>,
}

/// The one trigger of a function, with its binding's name.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The binding's `name`: the key in `Data`.
    pub binding: String,
    /// What kind of event it waits for.
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
}

/// The kinds of trigger that this host serves.
#[derive(Clone, Debug)]
pub enum TriggerKind {
    /// `httpTrigger`.
    Http {
        /// Upper-case methods; empty for all.
        methods: Vec<String>,
        /// Route template below the prefix; the function's name by default.
        route: String,
        /// `authLevel`; `function` by default.
        auth_level: AuthLevel,
    },
    /// `queueTrigger`.
    Queue {
        /// `queueName`, lower case, `%Setting%` resolved.
        queue: String,
    },
    /// `timerTrigger`.
    Timer {
        /// NCRONTAB with five or six fields, or a time span.
        schedule: String,
        /// `runOnStartup`.
        run_on_startup: bool,
        /// `useMonitor`.
        use_monitor: bool,
    },
}

/// `authLevel` of an HTTP trigger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthLevel {
    /// No key.
    Anonymous,
    /// A function, host or master key.
    Function,
    /// The master key.
    Admin,
}

/// An out binding.
#[derive(Clone, Debug)]
pub struct Output {
    /// The binding's `name`, or `$return`.
    pub binding: String,
    /// Where it goes.
    pub kind: OutputKind,
    /// `dataType`, which switches the base64 decoding off when `binary` (protocol sheet §4.4).
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
    },
}

/// Why an app folder cannot be served.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct AppError(String);

impl App {
    /// Stand-in until the real one is merged: reads just enough.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn load(root: &std::path::Path, _settings: &[(String, String)]) -> Result<Self, AppError> {
        stand_in::load(root).map_err(|error| AppError(format!("{}: {error}", root.display())))
    }
}

mod stand_in {
    use std::{error::Error, fs, path::Path, time::Duration};

    use serde_json::Value;

    use super::{
        App, AuthLevel, CustomHandler, DataType, Function, HostJson, MessageEncoding, QueueOptions, Trigger,
        TriggerKind,
    };
    use crate::timers::schedule::time_span;

    pub(super) fn load(root: &Path) -> Result<App, Box<dyn Error>> {
        let json: Value = serde_json::from_str(&fs::read_to_string(root.join("host.json"))?)?;
        let span = |value: &Value, default: Duration| value.as_str().and_then(time_span).unwrap_or(default);
        let number = |value: &Value, default: u64| value.as_u64().unwrap_or(default);
        let (custom, queues) = (&json["customHandler"], &json["extensions"]["queues"]);
        let program = custom["description"]["defaultExecutablePath"].as_str().unwrap_or_default();
        let joined = root.join(program);
        let arguments = custom["description"]["arguments"].as_array().cloned().unwrap_or_default();
        let mut functions = Vec::new();
        for entry in fs::read_dir(root)? {
            let folder = entry?.path();
            let Ok(text) = fs::read_to_string(folder.join("function.json")) else { continue };
            let json: Value = serde_json::from_str(&text)?;
            functions.push(Function {
                name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                trigger: trigger(&json["bindings"][0]),
                outputs: Vec::new(),
            });
        }
        Ok(App {
            root: root.to_owned(),
            host: HostJson {
                function_timeout: span(&json["functionTimeout"], Duration::from_mins(30)),
                custom_handler: CustomHandler {
                    executable: if joined.exists() { joined } else { program.into() },
                    working_directory: root.to_owned(),
                    arguments: arguments.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                    initialization_timeout: span(&custom["initializationTimeout"], Duration::from_secs(30)),
                    forwards: false,
                    proxies: false,
                },
                route_prefix: "api".to_owned(),
                added_headers: Vec::new(),
                queues: QueueOptions {
                    batch_size: usize::try_from(number(&queues["batchSize"], 16))?,
                    new_batch_threshold: usize::try_from(number(&queues["newBatchThreshold"], 8))?,
                    visibility_timeout: span(&queues["visibilityTimeout"], Duration::ZERO),
                    max_dequeue_count: u32::try_from(number(&queues["maxDequeueCount"], 5))?,
                    max_polling_interval: span(&queues["maxPollingInterval"], Duration::from_mins(1)),
                    encoding: MessageEncoding::Base64,
                },
            },
            functions,
        })
    }

    fn trigger(json: &Value) -> Trigger {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let kind = match json["type"].as_str() {
            Some("queueTrigger") => TriggerKind::Queue { queue: text("queueName").to_lowercase() },
            Some("timerTrigger") => TriggerKind::Timer {
                schedule: text("schedule"),
                run_on_startup: json["runOnStartup"] == true,
                use_monitor: json["useMonitor"] != false,
            },
            _ => TriggerKind::Http {
                methods: Vec::new(),
                route: String::new(),
                auth_level: AuthLevel::Anonymous,
            },
        };
        let data_type = match json["dataType"].as_str() {
            Some("binary") => DataType::Binary,
            Some("string") => DataType::String,
            _ => DataType::Unset,
        };
        Trigger { binding: text("name"), kind, data_type }
    }
}

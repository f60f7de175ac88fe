//! host.json, with the host's defaults and limits.

use std::{
    fmt::Display,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    thread,
    time::Duration,
};

use host_traps::{Settings, json_file, overrides, profile, span::Span};
use serde_json::{Value, json};

use super::{CustomHandler, HostJson, MessageEncoding, QueueOptions, Told};

/// What the host's HTTP client takes for "no limit" (protocol sheet §2.3).
const UNBOUNDED: Duration = Duration::from_millis(i32::MAX as u64);

/// Methods of a function that a route of host.json makes.
const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/// Reads host.json, and what it says of functions.
pub(super) fn load(root: &Path, settings: &Settings) -> Result<(HostJson, Told), String> {
    let path = root.join("host.json");
    if !path.is_file() {
        return Err(format!("{} is missing; name the folder that holds host.json", path.display()));
    }
    let mut json = json_file::read(&path, "host.json")?;
    overrides::apply(&mut json, settings);
    profile::apply(&mut json)?;
    let file = Section { value: Some(&json), path: String::new() };
    if file.text("version")?.as_deref() != Some("2.0") {
        return Err("host.json: \"version\" must be \"2.0\"".to_owned());
    }
    let http = file.section("extensions").section("http");
    http.section("hsts").span("maxAge", Duration::ZERO)?;
    let host = HostJson {
        function_timeout: function_timeout(&file)?,
        custom_handler: custom_handler(root, &file, settings)?,
        route_prefix: http
            .text("routePrefix")?
            .map_or_else(|| "api".to_owned(), |prefix| prefix.trim_matches('/').to_owned()),
        added_headers: added_headers(&http)?,
        max_outstanding_requests: limit(&http, "maxOutstandingRequests")?,
        max_concurrent_requests: limit(&http, "maxConcurrentRequests")?,
        queues: queues(&file.section("extensions").section("queues"))?,
    };
    let routes = routes(&file.section("customHandler").section("http"))?;
    if !routes.is_empty() {
        return Ok((host, Told::Routes(routes)));
    }
    let only = file.get("functions").is_some().then(|| file.strings("functions")).transpose()?;
    Ok((host, Told::Folders(only)))
}

/// The bindings of the functions that routes make, where there are any (protocol sheet §2.5).
fn routes(http: &Section<'_>) -> Result<Vec<Value>, String> {
    let listed: Vec<&Value> = match http.get("routes") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        // Overrides that name positions.
        Some(Value::Object(members)) => members.values().collect(),
        Some(_) => return Err(http.fault("routes", "must be a list")),
    };
    let default = http.text("defaultAuthorizationLevel")?;
    let bindings = listed.iter().enumerate().map(|(at, &value)| {
        let one = Section { value: Some(value), path: format!("{}routes.{at}.", http.path) };
        let Some(route) = one.text("route")?.filter(|route| !route.trim().is_empty()) else {
            return Err(one.fault("route", "is missing; write a route template such as \"{*route}\""));
        };
        let level = one.text("authorizationLevel")?.or_else(|| default.clone());
        Ok(json!([
            {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level, "methods": METHODS, "route": route},
            {"type": "http", "direction": "out", "name": "res"},
        ]))
    });
    bindings.collect()
}

fn function_timeout(file: &Section<'_>) -> Result<Duration, String> {
    match file.text("functionTimeout")?.as_deref() {
        Some("-1") => Ok(UNBOUNDED),
        _ => file.span("functionTimeout", Duration::from_mins(30)),
    }
}

/// A number of calls; -1 for no limit.
fn limit(http: &Section<'_>, name: &str) -> Result<Option<usize>, String> {
    let number = http.number(name, -1_i64, -1..=i64::from(i32::MAX))?;
    Ok(usize::try_from(number).ok())
}

fn custom_handler(root: &Path, host: &Section<'_>, settings: &Settings) -> Result<CustomHandler, String> {
    let is_legacy = host.get("customHandler").is_none() && host.get("httpWorker").is_some();
    let file = host.section(if is_legacy { "httpWorker" } else { "customHandler" });
    let description = file.section("description");
    let expanded = |name| -> Result<Option<String>, String> {
        Ok(description.text(name)?.map(|text| settings.expand_or_drop(&text)).filter(|text| !text.is_empty()))
    };
    let program = expanded("defaultExecutablePath")?.ok_or(
        "host.json: customHandler.description.defaultExecutablePath is missing; name the program to start there",
    )?;
    let folder = expanded("workerDirectory")?.map_or_else(|| root.to_owned(), |folder| root.join(folder));
    let beside = folder.join(&program);
    let mut arguments = words(&description.strings("arguments")?, settings);
    arguments.extend(expanded("defaultWorkerPath")?);
    arguments.extend(words(&description.strings("workerArguments")?, settings));
    Ok(CustomHandler {
        executable: if beside.is_file() { beside } else { PathBuf::from(program) },
        working_directory: expanded("workingDirectory")?
            .map_or_else(|| root.to_owned(), |folder| root.join(folder)),
        arguments,
        port: file.get("port").map(|_| file.number("port", 0, 1..=u16::MAX)).transpose()?,
        initialization_timeout: file.span("initializationTimeout", Duration::from_secs(30))?,
        forwards: is_legacy || file.flag("enableForwardingHttpRequest")?,
        proxies: file.flag("enableProxyingHttpRequest")?,
        is_legacy,
    })
}

/// The host joins arguments with blanks and does not quote them, so one with a blank splits (protocol sheet §1.1).
fn words(arguments: &[String], settings: &Settings) -> Vec<String> {
    let line =
        arguments.iter().map(|argument| settings.expand_or_drop(argument)).collect::<Vec<_>>().join(" ");
    line.split_whitespace().map(str::to_owned).collect()
}

fn queues(file: &Section<'_>) -> Result<QueueOptions, String> {
    let batch_size = file.number("batchSize", 16, 1..=32)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let encoding = match file.text("messageEncoding")?.map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("base64") => MessageEncoding::Base64,
        Some("none") => MessageEncoding::None,
        Some(_) => return Err(file.fault("messageEncoding", "must be \"base64\" or \"none\"")),
    };
    let max_polling_interval = file.span("maxPollingInterval", Duration::from_mins(1))?;
    if max_polling_interval < Duration::from_millis(100) {
        return Err(file.fault("maxPollingInterval", "must be at least 00:00:00.1"));
    }
    Ok(QueueOptions {
        batch_size,
        new_batch_threshold: file.number("newBatchThreshold", batch_size / 2 * cores, 0..=usize::MAX)?,
        visibility_timeout: file.span("visibilityTimeout", Duration::ZERO)?,
        max_dequeue_count: file.number("maxDequeueCount", 5, 1..=u32::MAX)?,
        max_polling_interval,
        encoding,
    })
}

fn added_headers(http: &Section<'_>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    let custom = http.section("customHeaders");
    for name in custom.names() {
        let value = custom.text(&name)?.unwrap_or_default();
        if http::HeaderName::try_from(&name).is_err() || http::HeaderValue::try_from(&value).is_err() {
            return Err(custom.fault(&name, "is no header that HTTP allows"));
        }
        headers.push((name, value));
    }
    Ok(headers)
}

/// A part of host.json; its members are found ignoring case, and every scalar may be written as text, as
/// overrides are.
struct Section<'a> {
    value: Option<&'a Value>,
    path: String,
}

impl<'a> Section<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let members = self.value?.as_object()?;
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn section(&self, name: &str) -> Self {
        Self { value: self.get(name), path: format!("{}{name}.", self.path) }
    }

    fn names(&self) -> Vec<String> {
        self.value
            .and_then(Value::as_object)
            .map(|members| members.keys().cloned().collect())
            .unwrap_or_default()
    }

    fn fault(&self, name: &str, what: &str) -> String {
        format!("host.json: {}{name} {what}", self.path)
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.fault(name, "must be a text")),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        match self.text(name)? {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.fault(name, "must be true or false")),
        }
    }

    fn span(&self, name: &str, default: Duration) -> Result<Duration, String> {
        self.text(name)?.map_or(Ok(default), |text| {
            Span::parse(&text).and_then(Span::duration).ok_or_else(|| self.fault(name, "must be a time span like \"00:05:00\""))
        })
    }

    fn number<N: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        default: N,
        limits: RangeInclusive<N>,
    ) -> Result<N, String> {
        let Some(text) = self.text(name)? else { return Ok(default) };
        match text.parse::<N>() {
            Ok(number) if limits.contains(&number) => Ok(number),
            _ => Err(self
                .fault(name, &format!("must be a whole number from {} to {}", limits.start(), limits.end()))),
        }
    }

    /// A list of texts: an array, an object whose members are positions, or one text that holds a JSON array.
    fn strings(&self, name: &str) -> Result<Vec<String>, String> {
        let fault = || self.fault(name, "must be a list of texts");
        let items: Vec<Value> = match self.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.clone(),
            Some(Value::Object(members)) => members.values().cloned().collect(),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| fault())?,
            Some(_) => return Err(fault()),
        };
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(fault)).collect()
    }
}

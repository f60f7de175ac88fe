//! Values of host.json.

use super::{AzureOutcome, Diagnosis};
use crate::{
    App, Level,
    app::is,
    command_line,
    configuration::{InvalidMember, Section},
    json,
    time_span::{TimeSpan, is_bare_days},
};

const VALUE: &str = "host-json-value";
const UNITS: &str = "time-span-unit";
const REFUSED: (&str, Level, AzureOutcome) = (VALUE, Level::Fail, AzureOutcome::HostInError);
const SECTIONS: [&str; 2] = ["customHandler", "httpWorker"];

pub(super) fn of(app: &App) -> Vec<Diagnosis> {
    let value = match &app.host {
        Ok(value) => value,
        Err(why) => {
            let refused = ("host-json", Level::Fail, AzureOutcome::HostInError);
            let is_there = app.root.join("host.json").is_file();
            let remedy = if is_there {
                "correct the file there"
            } else {
                "put a host.json at the root of the app folder"
            };
            return vec![Diagnosis::new(refused, "host.json", why, remedy)];
        }
    };
    let root = Section::root(value);
    let mut invalid_members = handler(&root);
    invalid_members.extend(http(&root.section("extensions").section("http")));
    invalid_members.extend(root.flag("fileWatchingEnabled").err());
    let has_queues = app.bindings().any(|(_, binding)| is(binding, "queue") || is(binding, "queueTrigger"));
    if has_queues {
        invalid_members.extend(queues(&root.section("extensions").section("queues")));
    }
    let mut found: Vec<Diagnosis> = version(app).into_iter().chain(function_timeout(app, &root)).collect();
    found.extend(program(app, &root));
    found.extend(invalid_members.iter().map(|invalid_member| refused(app, invalid_member)));
    found.extend(bare_days(app, &root, has_queues));
    found
}

/// The position of a value in the file; none where a setting overrides it.
fn position(app: &App, path: &[&str]) -> Option<json::Position> {
    let setting = format!("AzureFunctionsJobHost__{}", path.join("__"));
    let overridden =
        app.settings.iter().any(|(name, _)| name.replace(':', "__").eq_ignore_ascii_case(&setting));
    app.file.as_ref().filter(|_| !overridden)?.position(path)
}

fn refused(app: &App, invalid_member: &InvalidMember) -> Diagnosis {
    let why = format!("{} must be {}", invalid_member.name(), invalid_member.must);
    let path: Vec<&str> = invalid_member.path.iter().map(String::as_str).collect();
    Diagnosis::new(REFUSED, "host.json", why, "write that, or leave it out").at(position(app, &path))
}

/// The member `version` of the file itself, spelled so; `{}` is filled in (`InitializeHostConfig`).
fn version(app: &App) -> Option<Diagnosis> {
    let file = app.file.as_ref()?.value();
    let is_empty = file.as_object().is_none_or(serde_json::Map::is_empty);
    let text = file.get("version").and_then(json::text).unwrap_or_default();
    if is_empty || text == "2.0" {
        return None;
    }
    let why = if text.is_empty() {
        "it has no \"version\"".to_owned()
    } else {
        format!("\"version\" must be the text \"2.0\", and is {text}")
    };
    let rule = ("host-json", Level::Fail, AzureOutcome::HostInError);
    Some(Diagnosis::new(rule, "host.json", why, "write \"version\": \"2.0\"").at(position(app, &["version"])))
}

/// The longest time that the host's HTTP client can wait, less the minute that the host adds.
const LONGEST: &str = "24.20:30:23.647";

/// Checks `functionTimeout`, if it is set; -1 means no limit, however it is written.
fn function_timeout(app: &App, root: &Section<'_>) -> Option<Diagnosis> {
    const SUBJECT: &str = "host.json functionTimeout";
    let text = root.text("functionTimeout").filter(|text| !text.is_empty())?;
    let days = if is_bare_days(&text) {
        format!(": a bare number is days, so this means {} days", text.trim())
    } else {
        String::new()
    };
    let (rule, why) = match TimeSpan::parse(&text) {
        None => (REFUSED, format!("functionTimeout must be a time span, and is {text:?}")),
        span if span == TimeSpan::parse("-1") => return None,
        span if span < TimeSpan::parse("00:00:01") => {
            (REFUSED, format!("functionTimeout must be at least a second{days}"))
        }
        span if span > TimeSpan::parse(LONGEST) => (
            REFUSED,
            format!("functionTimeout is above {LONGEST}, the most that a custom handler can have{days}"),
        ),
        _ if days.is_empty() => return None,
        _ => ((UNITS, Level::Warn, AzureOutcome::Runs), format!("functionTimeout is {text}{days}")),
    };
    let remedy = "write a time span such as \"00:05:00\", or -1 for no limit";
    Some(Diagnosis::new(rule, SUBJECT, why, remedy).at(position(app, &["functionTimeout"])))
}

/// The section that names the program: an empty one counts as none.
fn section<'a>(root: &Section<'a>) -> Option<Section<'a>> {
    SECTIONS.into_iter().map(|name| root.section(name)).find(Section::exists)
}

fn program(app: &App, root: &Section<'_>) -> Option<Diagnosis> {
    let named =
        section(root).and_then(|section| section.section("description").text("defaultExecutablePath"));
    let named = named.map(|text| command_line::expand(&text, &app.settings));
    if named.is_some_and(|text| !text.is_empty()) {
        return None;
    }
    let rule = ("custom-handler", Level::Fail, AzureOutcome::HostInError);
    let why = "no program is named in customHandler.description.defaultExecutablePath";
    Some(Diagnosis::new(rule, "host.json", why, "name the program to start there"))
}

fn handler(root: &Section<'_>) -> Vec<InvalidMember> {
    let Some(section) = section(root) else { return Vec::new() };
    let mut found: Vec<InvalidMember> =
        flags(&section, &["enableForwardingHttpRequest", "enableProxyingHttpRequest"]);
    found.extend(section.variant_index("type", &["None", "Http"]).err());
    found.extend(section.span("initializationTimeout").err());
    if section.text("port").is_some_and(|text| !text.is_empty()) {
        found.extend(section.integer("port", 1, i32::from(u16::MAX)).err());
    }
    found
}

fn http(http: &Section<'_>) -> Vec<InvalidMember> {
    let mut found = flags(http, &["dynamicThrottlesEnabled", "enableChunkedRequestBinding"]);
    found.extend(
        ["maxOutstandingRequests", "maxConcurrentRequests"]
            .into_iter()
            .filter_map(|name| http.integer(name, -1, i32::MAX).err()),
    );
    found.extend(http.section("hsts").flag("isEnabled").err());
    found.extend(http.section("hsts").span("maxAge").err());
    found
}

fn flags(section: &Section<'_>, names: &[&str]) -> Vec<InvalidMember> {
    names.iter().filter_map(|name| section.flag(name).err()).collect()
}

/// The host binds them where the extension is loaded, which a queue binding asks for.
fn queues(queues: &Section<'_>) -> Vec<InvalidMember> {
    let interval = match queues.span("maxPollingInterval") {
        Ok(Some(span)) if Some(span) < TimeSpan::parse("00:00:00.1") => {
            Some(queues.invalid_member("maxPollingInterval", "at least 00:00:00.1"))
        }
        read => read.err(),
    };
    let numbers =
        [("batchSize", 1, 32), ("newBatchThreshold", 0, i32::MAX), ("maxDequeueCount", 1, i32::MAX)];
    let numbers =
        numbers.into_iter().filter_map(|(name, least, most)| queues.integer(name, least, most).err());
    let rest = [
        queues.variant_index("messageEncoding", &["None", "Base64"]).err(),
        queues.span("visibilityTimeout").err(),
        interval,
    ];
    numbers.chain(rest.into_iter().flatten()).collect()
}

/// Time spans of parts that the emulator does not have.
const OTHER_SPANS: [&str; 17] = [
    "aggregator.flushTimeout",
    "healthMonitor.healthCheckInterval",
    "healthMonitor.healthCheckWindow",
    "singleton.lockPeriod",
    "singleton.listenerLockPeriod",
    "singleton.listenerLockRecoveryPollingInterval",
    "singleton.lockAcquisitionTimeout",
    "singleton.lockAcquisitionPollingInterval",
    "extensions.http.hsts.maxAge",
    "extensions.serviceBus.maxAutoLockRenewalDuration",
    "extensions.serviceBus.sessionIdleTimeout",
    "extensions.serviceBus.clientRetryOptions.delay",
    "extensions.serviceBus.clientRetryOptions.maxDelay",
    "extensions.serviceBus.clientRetryOptions.tryTimeout",
    "extensions.eventHubs.maxWaitTime",
    "extensions.eventHubs.loadBalancingUpdateInterval",
    "extensions.eventHubs.partitionOwnershipExpirationInterval",
];

/// Numbers where a time span belongs: version 1 of the host read milliseconds, and now they are days.
fn bare_days(app: &App, root: &Section<'_>, has_queues: bool) -> Vec<Diagnosis> {
    let mut paths = SECTIONS.map(|section| vec![section, "initializationTimeout"]).to_vec();
    if has_queues {
        paths.extend(
            ["maxPollingInterval", "visibilityTimeout"].map(|name| vec!["extensions", "queues", name]),
        );
    }
    paths.extend(OTHER_SPANS.iter().map(|path| path.split('.').collect()));
    let found = paths.into_iter().filter_map(|path| {
        let (name, sections) = path.split_last()?;
        let section = sections.iter().fold(root.clone(), |section, name| section.section(name));
        let text = section.text(name).filter(|text| is_bare_days(text) && text.trim() != "0")?;
        let name = path.join(".");
        let why = format!("{name} is {text}: a bare number is days, so this means {text} days");
        let warned = (UNITS, Level::Warn, AzureOutcome::Runs);
        let finding = Diagnosis::new(warned, "host.json", why, "write a time span such as \"00:00:05\"");
        Some(finding.at(position(app, &path)))
    });
    found.collect()
}

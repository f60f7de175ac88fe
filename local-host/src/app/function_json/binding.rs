//! One entry of `bindings`.

use host_traps::Settings;
use http::Method;
use serde_json::Value;

use crate::{
    app::{AuthLevel, Connection, DataType, Output, OutputKind, Trigger, TriggerKind},
    route::Template,
};

/// What stands against a binding.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is wrong under any host.
    Wrong(String),
    /// The real host serves it and this one does not.
    Unserved(String),
}

impl Fault {
    pub(super) fn is_unserved(&self) -> bool {
        matches!(self, Self::Unserved(_))
    }

    pub(super) fn sentence(&self) -> &str {
        let (Self::Wrong(what) | Self::Unserved(what)) = self;
        what
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Wrong(what)
    }
}

/// A binding as it stands in the file.
pub(super) struct Binding<'a>(pub(super) &'a Value);

impl Binding<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member).and_then(Value::as_str)
    }

    fn flag(&self, member: &str) -> Option<bool> {
        self.0.get(member).and_then(Value::as_bool)
    }

    pub(super) fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    fn fault(&self, what: &str) -> String {
        format!("binding \"{}\" {what}", self.name())
    }

    pub(super) fn is_trigger(&self) -> bool {
        self.kind().to_ascii_lowercase().ends_with("trigger")
    }

    /// A text with each `%Setting%` replaced.
    fn expanded(&self, member: &str, settings: &Settings) -> Result<Option<String>, String> {
        let expand = |text| {
            settings.expand(text).map_err(|name| {
                self.fault(&format!("needs the setting {name} in its {member}; give it a value"))
            })
        };
        self.text(member).map(expand).transpose()
    }

    fn data_type(&self) -> Result<DataType, String> {
        match self.text("dataType").map(str::to_ascii_lowercase).as_deref() {
            None => Ok(DataType::Unset),
            Some("string") => Ok(DataType::String),
            Some("binary") => Ok(DataType::Binary),
            Some(_) => {
                Err(self.fault("has an unknown dataType; use \"string\" or \"binary\", or leave it out"))
            }
        }
    }

    fn checked_name(&self) -> Result<String, String> {
        match self.name() {
            "" => Err("a binding has no \"name\"; give it one".to_owned()),
            name => Ok(name.to_owned()),
        }
    }

    /// Reads this binding as the trigger.
    pub(super) fn trigger(&self, function: &str, settings: &Settings) -> Result<Trigger, Fault> {
        let kind = match self.kind().to_ascii_lowercase().as_str() {
            "httptrigger" => self.http(function, settings)?,
            "queuetrigger" => {
                let queue = self.queue(settings)?;
                if !is_queue_name(&queue) {
                    return Err(self.fault(&format!("names no valid queue: \"{queue}\"")).into());
                }
                TriggerKind::Queue { queue, connection: self.connection(settings)? }
            }
            "timertrigger" => TriggerKind::Timer {
                schedule: self.expanded("schedule", settings)?.ok_or_else(|| {
                    self.fault("has no \"schedule\"; write an NCRONTAB expression or a time span")
                })?,
                run_on_startup: self.flag("runOnStartup").unwrap_or(false),
                use_monitor: self.flag("useMonitor").unwrap_or(true),
            },
            _ => {
                return Err(Fault::Unserved(self.fault(&format!(
                    "is a {}, which this host does not serve; it has httpTrigger, queueTrigger and timerTrigger",
                    self.kind()
                ))));
            }
        };
        Ok(Trigger { binding: self.checked_name()?, kind, data_type: self.data_type()? })
    }

    fn http(&self, function: &str, settings: &Settings) -> Result<TriggerKind, String> {
        let route = self.expanded("route", settings)?.unwrap_or_else(|| function.to_owned());
        let lower = route.to_ascii_lowercase();
        if lower.starts_with("admin") || lower.starts_with("runtime") {
            return Err(
                self.fault("has a route that starts with \"admin\" or \"runtime\"; the host refuses both")
            );
        }
        Template::parse(&route).map_err(|fault| self.fault(&format!("has a wrong route: {fault}")))?;
        let auth_level = match self.text("authLevel").map(str::to_ascii_lowercase).as_deref() {
            Some("anonymous") => AuthLevel::Anonymous,
            None | Some("function") => AuthLevel::Function,
            Some("admin") => AuthLevel::Admin,
            Some(_) => {
                return Err(
                    self.fault("has an unknown authLevel; use \"anonymous\", \"function\" or \"admin\"")
                );
            }
        };
        Ok(TriggerKind::Http { methods: self.methods()?, route, auth_level })
    }

    fn methods(&self) -> Result<Vec<String>, String> {
        let Some(list) = self.0.get("methods").filter(|list| !list.is_null()) else { return Ok(Vec::new()) };
        let fault = || self.fault("has wrong \"methods\"; write a list like [\"get\", \"post\"]");
        let read = |item: &Value| {
            let method = item.as_str()?.to_ascii_uppercase();
            Method::from_bytes(method.as_bytes()).is_ok().then_some(method)
        };
        list.as_array().ok_or_else(fault)?.iter().map(|item| read(item).ok_or_else(fault)).collect()
    }

    /// Reads this binding as an output.
    pub(super) fn output(&self, settings: &Settings) -> Result<Output, Fault> {
        if self.text("direction").is_none_or(|direction| !direction.eq_ignore_ascii_case("out")) {
            let what = "is an input beside the trigger, which this host does not serve";
            return Err(Fault::Unserved(self.fault(what)));
        }
        let kind = match self.kind() {
            "http" => OutputKind::Http,
            kind if kind.eq_ignore_ascii_case("http") => {
                let what = "must spell its type \"http\" in lower case: the host compares it exactly";
                return Err(self.fault(what).into());
            }
            kind if kind.eq_ignore_ascii_case("queue") => {
                OutputKind::Queue { queue: self.queue(settings)?, connection: self.connection(settings)? }
            }
            kind => {
                let what =
                    format!("is an output of type \"{kind}\"; this host serves \"http\" and \"queue\"");
                return Err(Fault::Unserved(self.fault(&what)));
            }
        };
        Ok(Output { binding: self.checked_name()?, kind, data_type: self.data_type()? })
    }

    fn queue(&self, settings: &Settings) -> Result<String, String> {
        let queue = self.expanded("queueName", settings)?;
        queue.map(|queue| queue.to_lowercase()).ok_or_else(|| self.fault("has no \"queueName\"; give it one"))
    }

    fn connection(&self, settings: &Settings) -> Result<Connection, String> {
        let name = self.expanded("connection", settings)?.filter(|name| !name.is_empty());
        Ok(name.map_or_else(Connection::default, |name| Connection::named(&name)))
    }
}

/// Whether storage accepts the name: 3 to 63 of a-z, 0-9 and single hyphens between them.
pub(crate) fn is_queue_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

//! One entry of `bindings`.

use functions_lint::{Settings, binding};
use serde_json::Value;

use crate::app::{AuthLevel, Connection, DataType, Input, Output, OutputKind, Trigger, TriggerKind};

/// A binding as the file defines it.
pub(super) struct Binding<'a>(pub(super) &'a Value);

impl Binding<'_> {
    fn text(&self, member: &str) -> Option<String> {
        binding::text(self.0, member)
    }

    fn flag(&self, member: &str) -> Option<bool> {
        binding::flag(self.0, member).ok().flatten()
    }

    fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }

    fn kind(&self) -> String {
        self.text("type").unwrap_or_default()
    }

    fn is(&self, kind: &str) -> bool {
        self.kind().eq_ignore_ascii_case(kind)
    }

    pub(super) fn is_trigger(&self) -> bool {
        binding::is_trigger(self.0)
    }

    /// Whether the host would read from it; one in both directions counts as an input.
    pub(super) fn is_input(&self) -> bool {
        !binding::is_output(self.0)
    }

    /// A text with each `%Setting%` replaced.
    fn expanded(&self, member: &str, settings: &Settings) -> Result<Option<String>, String> {
        let expand = |text: String| {
            let name = self.name();
            settings.expand(&text).map_err(|what| format!("binding \"{name}\": its {member}: {what}"))
        };
        self.text(member).map(expand).transpose()
    }

    fn data_type(&self) -> DataType {
        match binding::variant_index(self.0, "dataType", &binding::DATA_TYPES) {
            Ok(Some(1)) => DataType::String,
            Ok(Some(2)) => DataType::Binary,
            Ok(Some(3)) => DataType::Stream,
            _ => DataType::Unset,
        }
    }

    /// Reads this binding as the trigger.
    pub(super) fn trigger(&self, function: &str, settings: &Settings) -> Result<Trigger, String> {
        let kind = match self.kind().to_ascii_lowercase().as_str() {
            "httptrigger" => self.http(function, settings)?,
            "queuetrigger" => {
                let queue = self.queue(settings)?;
                TriggerKind::Queue { queue, connection: self.connection(settings)? }
            }
            "timertrigger" => TriggerKind::Timer {
                schedule: self.expanded("schedule", settings)?.unwrap_or_default(),
                run_on_startup: self.flag("runOnStartup").unwrap_or(false),
                use_monitor: self.flag("useMonitor").unwrap_or(true),
            },
            _ => TriggerKind::Other { kind: self.kind() },
        };
        Ok(Trigger { binding: self.name(), kind, data_type: self.data_type() })
    }

    fn http(&self, function: &str, settings: &Settings) -> Result<TriggerKind, String> {
        let route = self.expanded("route", settings)?.filter(|route| !route.trim().is_empty());
        let auth_level = match binding::variant_index(self.0, "authLevel", &binding::AUTH_LEVELS) {
            Ok(Some(0)) => AuthLevel::Anonymous,
            Ok(Some(1)) => AuthLevel::User,
            Ok(Some(3)) => AuthLevel::System,
            Ok(Some(4)) => AuthLevel::Admin,
            _ => AuthLevel::Function,
        };
        let methods = binding::methods(self.0).map_err(|wrong| format!("its methods: {wrong}"))?;
        Ok(TriggerKind::Http { methods, route: route.unwrap_or_else(|| function.to_owned()), auth_level })
    }

    /// Reads this binding as an output.
    pub(super) fn output(&self, settings: &Settings) -> Result<Output, String> {
        let kind = if self.is("http") {
            OutputKind::Http
        } else if self.is("queue") {
            OutputKind::Queue { queue: self.queue(settings)?, connection: self.connection(settings)? }
        } else {
            OutputKind::Other { kind: self.kind() }
        };
        Ok(Output { binding: self.name(), kind, data_type: self.data_type() })
    }

    /// This binding as an input whose value is not read.
    pub(super) fn input(&self) -> Input {
        Input { binding: self.name(), kind: self.kind() }
    }

    fn queue(&self, settings: &Settings) -> Result<String, String> {
        Ok(self.expanded("queueName", settings)?.unwrap_or_default().to_lowercase())
    }

    fn connection(&self, settings: &Settings) -> Result<Connection, String> {
        let name = self.expanded("connection", settings)?.filter(|name| !name.is_empty());
        Ok(name.map_or_else(Connection::default, |name| Connection::from_name(&name)))
    }
}

//! Members of one binding, as the host's attributes read them: names ignoring case, scalars converted (`CreateDirect`
//! in azure-webjobs-sdk's AttributeConverter.cs, `BindingMetadata` of the host).

use serde_json::Value;

use crate::{Settings, binding, schedule::Schedule};

/// An error in a binding: the rule, the reason, the remedy.
pub(super) struct BindingFault {
    pub(super) rule: &'static str,
    pub(super) member: &'static str,
    pub(super) why: String,
    pub(super) remedy: String,
}

const VALUE: &str = "binding-value";

fn fault(
    rule: &'static str,
    member: &'static str,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> BindingFault {
    BindingFault { rule, member, why: why.into(), remedy: remedy.into() }
}

/// Everything that keeps the host from loading a function with this binding.
pub(super) fn faults(binding: &Value, settings: &Settings) -> Vec<BindingFault> {
    let mut found: Vec<BindingFault> = common(binding);
    let kind = binding::text(binding, "type").unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "httptrigger" => found.extend(http(binding, settings)),
        "timertrigger" => found.extend(timer(binding, settings)),
        "queuetrigger" => found.extend(queue(binding, settings, true)),
        "queue" => found.extend(queue(binding, settings, false)),
        _ => {}
    }
    found
}

fn common(binding: &Value) -> Vec<BindingFault> {
    let name = binding::text(binding, "name").unwrap_or_default();
    let mut found = Vec::new();
    if !binding::is_binding_name(&name) {
        let remedy = "begin with a letter and go on with letters and digits, 128 at most, or write `$return`";
        found.push(fault("binding-names", "name", format!("{name:?} is no name of a binding"), remedy));
    }
    if name == "$return" && !binding::is_output(binding) {
        found.push(fault(
            "binding-names",
            "name",
            "`$return` is the name of an output alone",
            "give an input another name",
        ));
    }
    if binding::text(binding, "type").unwrap_or_default().is_empty() {
        found.push(fault(VALUE, "type", "it has no \"type\"", "write one such as \"httpTrigger\""));
    }
    let words = [
        ("direction", &binding::DIRECTIONS[..]),
        ("dataType", &binding::DATA_TYPES[..]),
        ("cardinality", &["one", "many"][..]),
    ];
    found.extend(
        words
            .into_iter()
            .filter(|(member, words)| binding::variant_index(binding, member, words).is_err())
            .map(|(member, words)| {
                fault(
                    VALUE,
                    member,
                    format!("its {member} has a value that the host does not know"),
                    one_of(words),
                )
            }),
    );
    found
}

fn one_of(words: &[&str]) -> String {
    format!("write {}", words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", "))
}

fn http(trigger: &Value, settings: &Settings) -> Vec<BindingFault> {
    let mut found = Vec::new();
    if binding::variant_index(trigger, "authLevel", &binding::AUTH_LEVELS).is_err()
        || binding::get(trigger, "authLevel").is_some_and(Value::is_null)
    {
        found.push(fault(
            VALUE,
            "authLevel",
            "its authLevel has a value that the host does not know",
            one_of(&binding::AUTH_LEVELS),
        ));
    }
    if binding::methods(trigger).is_err() {
        found.push(fault(
            VALUE,
            "methods",
            "its methods must be a list",
            "write a list like [\"get\", \"post\"]",
        ));
    }
    found.extend(expanded(trigger, "route", settings).err());
    found
}

fn timer(trigger: &Value, settings: &Settings) -> Vec<BindingFault> {
    const RULE: &str = "schedule";
    let schedule = match expanded(trigger, "schedule", settings) {
        Ok(schedule) => schedule,
        Err(fault) => return vec![fault],
    };
    let mut found = Vec::new();
    if schedule.is_empty() {
        let remedy = "write an NCRONTAB expression such as \"0 */5 * * * *\", or a time span";
        found.push(fault(RULE, "schedule", "it has no \"schedule\"", remedy));
    } else if let Err(bad) = Schedule::parse(&schedule) {
        found.push(fault(RULE, "schedule", bad.to_string(), "correct the schedule"));
    }
    found.extend(
        ["runOnStartup", "useMonitor"]
            .into_iter()
            .filter(|member| binding::flag(trigger, member).is_err())
            .map(|member| {
                fault(VALUE, member, format!("its {member} must be true or false"), "write true or false")
            }),
    );
    found
}

/// The name of an output may hold parameters in braces, which a call fills in.
fn queue(queue: &Value, settings: &Settings, is_trigger: bool) -> Vec<BindingFault> {
    const RULE: &str = "queue-name";
    let mut found: Vec<BindingFault> = expanded(queue, "connection", settings).err().into_iter().collect();
    match expanded(queue, "queueName", settings) {
        Err(fault) => found.push(fault),
        Ok(name) if !is_trigger && name.contains('{') => {}
        Ok(name) if binding::is_queue_name(&name.to_lowercase()) => {}
        Ok(name) => {
            let why = format!("{name:?} is no name of a queue");
            let remedy = "write 3 to 63 of a-z, 0-9 and single hyphens between them";
            found.push(fault(RULE, "queueName", why, remedy));
        }
    }
    found
}

/// A text with each `%Setting%` replaced; empty where there is none.
fn expanded(value: &Value, member: &'static str, settings: &Settings) -> Result<String, BindingFault> {
    let text = binding::text(value, member).unwrap_or_default();
    settings.expand(&text).map_err(|what| {
        fault(
            "settings-in-bindings",
            member,
            format!("its {member} cannot be filled in: {what}"),
            "set it, or correct the name",
        )
    })
}

//! What the queries of infra/queries read of the worker's log, held against lines that it wrote.

use std::collections::BTreeSet;

use serde_json::Value;

/// How a query names the line that the host forwards, once it is parsed.
const LINE: &str = "line.";

/// What one query reads of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// The names of `event` that it looks for; empty where it takes a line of any event.
    pub events: BTreeSet<String>,
    /// The values of `reason` that it looks for; empty where any will do.
    pub reasons: BTreeSet<String>,
    /// Every field that it names.
    pub fields: BTreeSet<String>,
}

impl Reads {
    /// Reads the text of a query.
    #[must_use]
    pub fn of(query: &str) -> Self {
        let is_name = |one: &char| one.is_ascii_lowercase() || *one == '_';
        let fields = query.split(LINE).skip(1).map(|after| after.chars().take_while(is_name).collect());
        Self { events: words(query, "event"), reasons: words(query, "reason"), fields: fields.collect() }
    }

    /// What it reads and none of these lines has, each in words: a field counts where its event has it.
    #[must_use]
    pub fn missing(&self, lines: &[Value]) -> Vec<String> {
        let mut missing = Vec::new();
        let mut ask = |event: Option<&String>, what: String, has: &dyn Fn(&Value) -> bool| {
            let is_its = |line: &&Value| event.is_none_or(|event| line["event"] == event.as_str());
            if !lines.iter().filter(is_its).any(has) {
                missing.push(event.map_or(what.clone(), |event| format!("{what} of {event}")));
            }
        };
        let any = self.events.is_empty().then_some(None);
        for event in self.events.iter().map(Some).chain(any) {
            for field in &self.fields {
                ask(event, format!("the field {field}"), &|line| !line[field].is_null());
            }
            for reason in &self.reasons {
                ask(event, format!("the reason {reason}"), &|line| line["reason"] == reason.as_str());
            }
        }
        missing
    }
}

/// The quoted values that a field is compared with.
fn words(query: &str, field: &str) -> BTreeSet<String> {
    let compared = format!("tostring({LINE}{field}) ");
    let quoted = query.split(&compared).skip(1).flat_map(|after| {
        let (values, most) = match after.strip_prefix("in (") {
            Some(list) => (list.split(')').next().unwrap_or_default(), usize::MAX),
            None => (after, 1),
        };
        values.split('"').skip(1).step_by(2).take(most).map(str::to_owned)
    });
    quoted.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const QUERY: &str = r#"
| where tostring(line.event) == "denied" and tostring(line.reason) in ("a", "b")
| summarize count() by caller = tostring(line.object_id), kind = "other"
"#;

    #[test]
    fn a_query_tells_its_events_reasons_and_fields() {
        let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
        let reads = Reads::of(QUERY);
        assert_eq!(reads.events, set(&["denied"]));
        assert_eq!(reads.reasons, set(&["a", "b"]));
        assert_eq!(reads.fields, set(&["event", "reason", "object_id"]));
    }

    #[test]
    fn what_no_line_of_the_event_has_is_missing() {
        let reads = Reads::of(QUERY);
        let line = |event: &str, reason: &str| json!({"event": event, "reason": reason, "object_id": "x"});
        assert!(reads.missing(&[line("denied", "a"), line("denied", "b")]).is_empty());
        let missing = reads.missing(&[line("denied", "a"), line("denied-more", "b")]);
        assert_eq!(missing, ["the reason b of denied"]);
        assert_eq!(reads.missing(&[json!({"event": "denied", "reason": "b"})]).len(), 2);
        assert_eq!(reads.missing(&[]).len(), 5);
    }

    #[test]
    fn a_query_without_an_event_reads_its_field_from_any_line() {
        let reads = Reads::of("| where isnotnull(line.rows)");
        assert_eq!(reads.missing(&[json!({"event": "x", "rows": null})]), ["the field rows"]);
        assert!(reads.missing(&[json!({"event": "x", "rows": 0})]).is_empty());
    }
}

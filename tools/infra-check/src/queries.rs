//! The log fields that the queries of infra/queries read, compared with lines that the worker wrote.

use std::collections::BTreeSet;

use serde_json::Value;

/// The name in a query of the forwarded log line, once it is parsed.
const LINE: &str = "line.";

/// The log fields that one query reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryFields {
    /// The names of `event` that it looks for; empty where it takes a line of any event.
    pub events: BTreeSet<String>,
    /// The values of `reason` that it looks for; empty where any will do.
    pub reasons: BTreeSet<String>,
    /// Every field that it names.
    pub fields: BTreeSet<String>,
}

impl QueryFields {
    /// Reads the text of a query.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let is_name = |one: &char| one.is_ascii_lowercase() || *one == '_';
        let fields = query.split(LINE).skip(1).map(|after| after.chars().take_while(is_name).collect());
        Self { events: words(query, "event"), reasons: words(query, "reason"), fields: fields.collect() }
    }

    /// What the query reads and none of these log lines has, each in words: every event must occur, and each field and
    /// reason must occur with at least one of the events, because single and counted denials are two events with
    /// different fields.
    #[must_use]
    pub fn missing(&self, lines: &[Value]) -> Vec<String> {
        let is_read = |line: &&Value| self.events.is_empty() || is_in(&self.events, &line["event"]);
        let read: Vec<_> = lines.iter().filter(is_read).collect();
        let mut missing = Vec::new();
        let mut ask = |what: String, has: &dyn Fn(&Value) -> bool| {
            if !read.iter().any(|line| has(line)) {
                missing.push(what);
            }
        };
        for event in &self.events {
            ask(format!("the event {event}"), &|line| line["event"] == event.as_str());
        }
        for field in &self.fields {
            ask(format!("the field {field}{}", self.of_events()), &|line| !line[field].is_null());
        }
        for reason in &self.reasons {
            ask(format!("the reason {reason}{}", self.of_events()), &|line| {
                line["reason"] == reason.as_str()
            });
        }
        missing
    }

    fn of_events(&self) -> String {
        let names: Vec<_> = self.events.iter().map(String::as_str).collect();
        if names.is_empty() { String::new() } else { format!(" of {}", names.join(" or ")) }
    }
}

fn is_in(events: &BTreeSet<String>, event: &Value) -> bool {
    event.as_str().is_some_and(|event| events.contains(event))
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
    fn a_query_is_parsed() {
        let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
        let reads = QueryFields::parse(QUERY);
        assert_eq!(reads.events, set(&["denied"]));
        assert_eq!(reads.reasons, set(&["a", "b"]));
        assert_eq!(reads.fields, set(&["event", "reason", "object_id"]));
    }

    #[test]
    fn a_field_no_event_writes_is_missing() {
        let reads = QueryFields::parse(QUERY);
        let line = |event: &str, reason: &str| json!({"event": event, "reason": reason, "object_id": "x"});
        assert!(reads.missing(&[line("denied", "a"), line("denied", "b")]).is_empty());
        let missing = reads.missing(&[line("denied", "a"), line("denials-suppressed", "b")]);
        assert_eq!(missing, ["the reason b of denied"]);
        assert_eq!(reads.missing(&[json!({"event": "denied", "reason": "b"})]).len(), 2);
        assert_eq!(reads.missing(&[]).len(), 6);
    }

    #[test]
    fn a_query_of_two_events_is_parsed() {
        let reads = QueryFields::parse(
            r#"| where tostring(line.event) in ("one", "sum") | summarize sum(toint(line.count))"#,
        );
        let (one, sum) = (json!({"event": "one"}), json!({"event": "sum", "count": 3}));
        assert!(reads.missing(&[one.clone(), sum.clone()]).is_empty());
        assert_eq!(reads.missing(&[sum]), ["the event one"]);
        assert_eq!(reads.missing(&[one]), ["the event sum", "the field count of one or sum"]);
    }

    #[test]
    fn a_query_without_an_event_matches_any_line() {
        let reads = QueryFields::parse("| where isnotnull(line.rows)");
        assert_eq!(reads.missing(&[json!({"event": "x", "rows": null})]), ["the field rows"]);
        assert!(reads.missing(&[json!({"event": "x", "rows": 0})]).is_empty());
    }
}

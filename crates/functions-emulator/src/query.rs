//! The query as the host parses it and, in forward mode, builds it anew.

// The host: docs/reference/host-protocol.md#paths-and-queries and docs/reference/host-protocol.md#http-trigger.

use percent_encoding::percent_decode_str;

use crate::path::query_escape;

/// Names in the sequence of their first occurrence, compared ignoring case, each with all its values.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, Vec<String>)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let mut query = Self::default();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name), decode(value));
            match query.0.iter_mut().find(|(known, _)| known.to_lowercase() == name.to_lowercase()) {
                Some((_, values)) => values.push(value),
                None => query.0.push((name, vec![value])),
            }
        }
        query
    }

    /// Each name with its values joined by a comma.
    pub(crate) fn joined(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.join(",")))
    }

    /// Each name with its last value.
    pub(crate) fn last(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.last().map_or("", String::as_str)))
    }

    /// The values of a name joined by a comma.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.joined().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The query that forward mode sends, with its `?`; empty without parameters.
    pub(crate) fn rebuilt(&self) -> String {
        let pair = |(name, value): (&str, String)| format!("{}={}", query_escape(name), query_escape(&value));
        let pairs: Vec<String> = self.joined().map(pair).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

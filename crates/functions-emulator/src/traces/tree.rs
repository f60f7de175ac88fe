//! The spans of a trace in the sequence and depth of a waterfall.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Source, Span, SpanId};

/// A span and its place.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// The span.
    pub(crate) span: &'a Span,
    /// The span above it.
    pub(crate) parent: Option<SpanId>,
    /// How many spans are above it.
    pub(crate) depth: usize,
}

/// Every span once: parents before their children, siblings by their start. A span whose parent is not among them, or
/// that is its own ancestor, stands at the top.
pub(crate) fn rows<'a>(spans: impl Iterator<Item = &'a Span>) -> Vec<Row<'a>> {
    let mut spans: Vec<&Span> = spans.collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end), span.id));
    let known: HashMap<SpanId, &Span> = spans.iter().map(|span| (span.id, *span)).collect();
    let hosts = Hosts::among(&spans, &known);
    let mut below: HashMap<SpanId, Vec<&Span>> = HashMap::new();
    let mut pending = Vec::new();
    for span in &spans {
        match hosts.parent(span, &known).filter(|parent| known.contains_key(parent)) {
            Some(parent) => below.entry(parent).or_default().push(span),
            None => pending.push((*span, None, 0)),
        }
    }
    pending.reverse();
    let (mut rows, mut seen) = (Vec::with_capacity(spans.len()), HashSet::new());
    // What no top leads to is part of a ring, which is cut at its first span.
    let mut rings = spans.iter();
    loop {
        let Some((span, parent, depth)) = pending
            .pop()
            .or_else(|| rings.find(|span| !seen.contains(&span.id)).map(|span| (*span, None, 0)))
        else {
            return rows;
        };
        if !seen.insert(span.id) {
            continue;
        }
        rows.push(Row { span, parent, depth });
        let children = below.get(&span.id).into_iter().flatten().rev();
        pending.extend(children.map(|child| (*child, Some(span.id), depth + 1)));
    }
}

/// This host's spans. A worker does not know them, so its first span of an invocation names another parent: the caller's
/// span. This host's span takes its place below that one.
struct Hosts<'a> {
    by_invocation: HashMap<Uuid, SpanId>,
    /// The first span that the worker has of an invocation.
    entries: HashMap<Uuid, &'a Span>,
    /// By the caller's span; none where it made more than one call.
    by_caller: HashMap<SpanId, Option<SpanId>>,
}

impl<'a> Hosts<'a> {
    /// Of spans in the sequence of their start.
    fn among(spans: &[&'a Span], known: &HashMap<SpanId, &Span>) -> Self {
        let (mut by_invocation, mut by_caller) = (HashMap::new(), HashMap::new());
        for span in spans.iter().filter(|span| span.source == Source::Host) {
            by_invocation.extend(span.invocation.map(|invocation| (invocation, span.id)));
            if let Some(caller) = span.parent.filter(|caller| !known.contains_key(caller)) {
                by_caller.entry(caller).and_modify(|only| *only = None).or_insert(Some(span.id));
            }
        }
        let mut entries = HashMap::new();
        for span in spans.iter().filter(|span| is_entry(span, known)) {
            if let Some(invocation) = span.invocation {
                entries.entry(invocation).or_insert(*span);
            }
        }
        Self { by_invocation, entries, by_caller }
    }

    fn parent(&self, span: &Span, known: &HashMap<SpanId, &Span>) -> Option<SpanId> {
        if span.source != Source::Exported {
            return span.parent.or_else(|| self.entries.get(&span.invocation?)?.parent);
        }
        let invocation = span.invocation.filter(|_| is_entry(span, known));
        let of_invocation = invocation.and_then(|id| self.by_invocation.get(&id));
        let of_caller = || span.parent.and_then(|caller| self.by_caller.get(&caller).copied().flatten());
        of_invocation.copied().or_else(of_caller).or(span.parent)
    }
}

/// Whether the worker made a span of an invocation, and none of the same invocation is above it.
fn is_entry(span: &Span, known: &HashMap<SpanId, &Span>) -> bool {
    let above = span.parent.and_then(|parent| known.get(&parent));
    span.source == Source::Exported && above.is_none_or(|above| above.invocation != span.invocation)
}

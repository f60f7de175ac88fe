//! A value and where it stands.

use serde_json::{Map, Value};

use super::Position;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Undefined,
    Scalar(Value),
    List(Vec<Node>),
    /// Members in their sequence, no two with one name.
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    /// Undefined members are left out, undefined items of a list are null.
    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Undefined => Value::Null,
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => items.iter().map(Self::value).collect(),
            Kind::Object(members) => {
                let defined = members.iter().filter(|(_, node)| node.kind != Kind::Undefined);
                Value::Object(defined.map(|(name, node)| (name.clone(), node.value())).collect::<Map<_, _>>())
            }
        }
    }

    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        let inner = match &self.kind {
            Kind::Object(members) => {
                members.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, node)| node)
            }
            Kind::List(items) => name.parse().ok().and_then(|at: usize| items.get(at)),
            Kind::Undefined | Kind::Scalar(_) => None,
        };
        inner?.find(rest)
    }
}

/// Sets a member; a repeated name keeps its first place among the members and its last value.
pub(super) fn put(members: &mut Vec<(String, Node)>, name: String, node: Node) {
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some((_, slot)) => *slot = node,
        None => members.push((name, node)),
    }
}

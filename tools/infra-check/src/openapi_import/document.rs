//! The operations of a document.

use serde_json::Value as Json;

/// An operation with its path and method.
pub(super) struct Operation<'d> {
    pub(super) path: &'d str,
    pub(super) method: &'d str,
    pub(super) item: &'d Json,
    pub(super) said: &'d Json,
}

impl Operation<'_> {
    pub(super) fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) fn operations(document: &Json) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| operations_of(path, item)).collect()
}

fn operations_of<'d>(path: &'d str, item: &'d Json) -> Vec<Operation<'d>> {
    let members = item.as_object().into_iter().flatten();
    let methods = members.filter(|(method, _)| METHODS.contains(&method.as_str()));
    methods.map(|(method, said)| Operation { path, method, item, said }).collect()
}

/// The fields of an object that an import does not support.
pub(super) fn unsupported(object: &Json, place: &str, fields: &[&str]) -> Vec<String> {
    let there = fields.iter().filter(|field| object.get(**field).is_some());
    there.map(|field| format!("{place}: `{field}` is not supported")).collect()
}

//! The properties that Azure publishes for each resource type, and what of ours is not among them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{deployment::Resource, value::Value};

mod kinds;

/// The properties of every known resource type, by `type@version`.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    resources: BTreeMap<String, Definition>,
}

/// A schema file is not in the form that `infra/schema/extract.mjs` writes.
#[derive(Debug, thiserror::Error)]
#[error("the schema cannot be read: run `node infra/schema/extract.mjs`")]
pub struct SchemaError(#[source] serde_json::Error);

#[derive(Debug, Clone, Deserialize)]
struct Definition {
    body: Shape,
    types: BTreeMap<String, Shape>,
}

/// An object, or one of several objects.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Shape {
    One { one: Vec<Shape> },
    Object(Object),
}

#[derive(Debug, Clone, Deserialize)]
struct Object {
    properties: BTreeMap<String, String>,
    required: Vec<String>,
    /// The type of properties that bear any name.
    any: Option<String>,
}

/// Members that a resource may have though no type knows them, and why.
const BESIDE: [(&str, &str); 2] = [
    // Read by the platform and by the portal's own code, and in no published type.
    ("Microsoft.Web/sites", "functionsRuntimeAdminIsolationEnabled"),
    // The published list ends years ago and allows other values.
    ("Microsoft.Compute/virtualMachines", "vmSize"),
];

/// The members of a resource that Bicep itself reads.
const OF_BICEP: [&str; 4] = ["parent", "scope", "dependsOn", "name"];

impl Schema {
    /// Reads files in the form that `infra/schema/extract.mjs` writes.
    ///
    /// # Errors
    /// When one is in another form.
    pub fn read(files: &[&str]) -> Result<Self, SchemaError> {
        let mut resources = BTreeMap::new();
        for file in files {
            let read: BTreeMap<String, Definition> = serde_json::from_str(file).map_err(SchemaError)?;
            resources.extend(read);
        }
        Ok(Self { resources })
    }

    /// The types that it knows.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// Finds unknown properties, missing properties and values of the wrong type; empty if there is no error. A
    /// resource of a type that is not known is a fault, not an exception.
    #[must_use]
    pub fn find_errors(&self, resource: &Resource) -> Vec<String> {
        let name = format!("{}@{}", resource.kind, resource.version);
        let Some(definition) = self.resources.get(&name) else {
            return vec![format!("{name} has no schema: run `node infra/schema/extract.mjs`")];
        };
        let Value::Object(properties) = &resource.body else {
            return vec![format!("{name}: the body is no object")];
        };
        let kept = properties.iter().filter(|(key, _)| key == "name" || !OF_BICEP.contains(&key.as_str()));
        let body = Value::Object(kept.cloned().collect());
        let mut faults = Vec::new();
        definition.shape(&definition.body, &body, "", &mut faults);
        let beside = |fault: &String| {
            !BESIDE.iter().any(|(kind, property)| resource.kind == *kind && fault.contains(property))
        };
        let about = format!("{} {}", resource.kind, resource.name);
        faults.into_iter().filter(beside).map(|fault| format!("{about}: {fault}")).collect()
    }
}

impl Definition {
    fn shape(&self, shape: &Shape, value: &Value, path: &str, faults: &mut Vec<String>) {
        match shape {
            Shape::Object(object) => self.object(object, value, path, faults),
            Shape::One { one } => {
                let tried = one.iter().map(|shape| {
                    let mut faults = Vec::new();
                    self.shape(shape, value, path, &mut faults);
                    faults
                });
                // The allowed value that is nearest to the written one is taken as meant.
                faults.extend(tried.min_by_key(Vec::len).unwrap_or_default());
            }
        }
    }

    fn object(&self, object: &Object, value: &Value, path: &str, faults: &mut Vec<String>) {
        let Value::Object(properties) = value else {
            faults.push(format!("`{path}` is no object"));
            return;
        };
        for (key, value) in properties {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match object.properties.get(key).or(object.any.as_ref()) {
                _ if *value == Value::Null => {}
                Some(kind) => self.kind(kind, value, &path, faults),
                None => faults.push(format!("`{path}` is not known")),
            }
        }
        for required in &object.required {
            if value.get(required).is_none() {
                faults.push(format!("`{path}` lacks `{required}`"));
            }
        }
    }
}

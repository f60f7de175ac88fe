//! Snapshots of the official compiler: the deployment that it predicts for one parameter file.

use serde::Deserialize;

use crate::{
    deployment::{Deployment, Resource},
    value::Value,
};

mod expression;
mod functions;
mod reader;

/// The made-up tenant that snapshots are compiled for.
pub const TENANT: &str = "00000000-0000-4000-8000-000000000001";
/// The made-up subscription that snapshots are compiled for.
pub const SUBSCRIPTION: &str = "00000000-0000-4000-8000-000000000002";
/// The region that snapshots are compiled for.
pub const LOCATION: &str = "westeurope";
/// The deployment name that snapshots are compiled with.
pub const DEPLOYMENT_NAME: &str = "test";

/// The text is no snapshot.
#[derive(Debug, thiserror::Error)]
#[error("this is no snapshot: run `cargo xtask infra snapshot`")]
pub struct SnapshotError(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    predicted_resources: Vec<Said>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    api_version: String,
    #[serde(flatten)]
    body: serde_json::Map<String, serde_json::Value>,
}

/// Reads a snapshot. Expressions that the compiler left to the deployment are evaluated as far as possible: a value
/// that only Azure knows becomes a symbol, and one that cannot be evaluated is unknown, which fails every assertion
/// about it.
///
/// # Errors
/// When the text is in another form.
pub fn read(text: &str) -> Result<Deployment, SnapshotError> {
    let snapshot: Snapshot = serde_json::from_str(text)?;
    Ok(Deployment { resources: snapshot.predicted_resources.iter().map(resource).collect() })
}

fn resource(said: &Said) -> Resource {
    let body = reader::value(&serde_json::Value::Object(said.body.clone()));
    let [id, name] = [&said.id, &said.name].map(|text| match reader::text(text) {
        Value::Text(text) => text.text,
        other => other.to_string(),
    });
    Resource::new(&id, &said.kind, &said.api_version, &name, &body)
}

/// Sorts the keys of every object in the text of a snapshot, because the compiler changes their sequence from run to
/// run.
///
/// # Errors
/// When the text is no JSON.
pub fn sort_keys(text: &str) -> Result<String, SnapshotError> {
    let json: serde_json::Value = serde_json::from_str(text)?;
    Ok(format!("{:#}\n", in_sequence(&json)))
}

fn in_sequence(json: &serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Array(items) => items.iter().map(in_sequence).collect(),
        serde_json::Value::Object(properties) => {
            let mut sorted: Vec<_> = properties.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            sorted.into_iter().map(|(key, value)| (key.clone(), in_sequence(value))).collect()
        }
        plain => plain.clone(),
    }
}

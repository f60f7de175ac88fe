//! The app settings that `dev` starts the worker with.

use std::{collections::BTreeMap, env, fs, io, iter, path::Path};

use anyhow::Context as _;
use local_host::{people::People, supervisor::OWN_URL};
use serde::Deserialize;

use crate::project::Project;

#[derive(Deserialize)]
struct LocalSettings {
    #[serde(rename = "Values", default)]
    values: BTreeMap<String, String>,
}

/// Our own, then those of local.settings.json; what the shell sets stays as it is there.
pub(super) fn settings(project: &Project, people: &People) -> anyhow::Result<Vec<(String, String)>> {
    let environment = ("AZURE_FUNCTIONS_ENVIRONMENT".to_owned(), "Development".to_owned());
    let mut settings: BTreeMap<_, _> = iter::once(environment).chain(issuer(people)).collect();
    settings.extend(values(&project.root().join("local.settings.json"))?);
    Ok(settings.into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect())
}

/// Has the worker check the tokens of the host's own issuer, in the identity mode that it has by default.
pub(crate) fn issuer(people: &People) -> [(String, String); 3] {
    [
        ("ORDERS_ENTRA_TENANT_ID", people.tenant().to_string()),
        ("ORDERS_ENTRA_AUDIENCE", people.audience().to_owned()),
        ("ORDERS_ENTRA_AUTHORITY", format!("{OWN_URL}/_local/issuer")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

fn values(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let settings: LocalSettings = serde_json::from_str(&text)
        .with_context(|| format!("{} is not of the form {{\"Values\": {{…}}}}", path.display()))?;
    Ok(settings.values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_local_settings_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.settings.json");
        assert!(values(&path).unwrap().is_empty(), "the file may be absent");
        fs::write(&path, r#"{"IsEncrypted": false, "Values": {"ORDERS_LOG": "debug"}}"#).unwrap();
        assert_eq!(values(&path).unwrap()["ORDERS_LOG"], "debug");
        fs::write(&path, r#"{"Values": {"ORDERS_LOG": 1}}"#).unwrap();
        assert!(values(&path).unwrap_err().to_string().contains("local.settings.json"));
    }
}

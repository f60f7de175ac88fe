//! The same table on what Azure says after a deployment: some of it can be lost silently.

use crate::{
    assertions::{Broken, Want, check, table},
    deployment::{Deployment, Resource},
    value::{Value, steps},
    worlds::World,
};

/// An answer of Azure's is no resource.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// It is not JSON.
    #[error("this is no JSON: give what `az resource show` or `az rest` printed")]
    Json(#[from] serde_json::Error),
    /// It has no type or name.
    #[error("this has no `type` and `name`: give what `az resource show` or `az rest` printed")]
    Resource,
}

/// Holds what Azure says of some resources against the lines of the table about their types.
///
/// A line about a type of which no resource is given is not held, and a line about one resource pointing at another only
/// when some resource of the other's type is given too.
///
/// # Errors
/// When an answer is no resource.
pub fn verify(answers: &[&str], world: World) -> Result<Vec<Broken>, LiveError> {
    let mut resources = Vec::new();
    for answer in answers {
        let json: serde_json::Value = serde_json::from_str(answer)?;
        let one_or_many = if let serde_json::Value::Array(many) = &json { many.clone() } else { vec![json] };
        for json in one_or_many {
            resources.push(resource(&Value::from(&json)).ok_or(LiveError::Resource)?);
        }
    }
    let resources = with_site_config(resources);
    let given = |kind: &str| resources.iter().any(|one| one.kind == kind);
    let lines = table().into_iter().filter(|line| line.is_for(world) && given(line.kind));
    let lines = lines.filter(|line| !matches!(&line.want, Want::Companion(other) if !given(other.kind)));
    // Ids are plain text afterwards, so only their being there can be held; and one resource is enough.
    let lines: Vec<_> = lines.map(|line| line.for_ids(1)).collect();
    let deployment = Deployment { resources };
    let about = |line: &&crate::assertions::Assertion| {
        line.only.is_empty() || deployment.resources.iter().any(|one| line.is_about(one) == Ok(true))
    };
    Ok(lines.iter().filter(about).flat_map(|line| check(line, &deployment)).collect())
}

fn resource(answer: &Value) -> Option<Resource> {
    let kind = answer.get("type").and_then(Value::text)?.to_owned();
    let name = answer.get("name").and_then(Value::text)?.to_owned();
    let id = answer.get("id").and_then(Value::text).unwrap_or(&name).to_owned();
    Some(Resource::new(&id, &kind, "", &name, answer))
}

/// Azure answers `config/web` apart from its site, where a deployment has them together.
fn with_site_config(resources: Vec<Resource>) -> Vec<Resource> {
    let is_web = |one: &Resource| {
        one.kind == "Microsoft.Web/sites/config" && one.body.get("name").and_then(Value::text) == Some("web")
    };
    let (configs, mut others): (Vec<_>, Vec<_>) = resources.into_iter().partition(is_web);
    for site in others.iter_mut().filter(|one| one.kind == "Microsoft.Web/sites") {
        let of_site = configs
            .iter()
            .find(|config| config.name.split('/').next() == Some(site.name.as_str()) || config.name == "web");
        if let Some(config) = of_site.and_then(|config| config.body.get("properties")) {
            site.body = site.body.with(&steps("properties.siteConfig"), config.clone());
        }
    }
    others
}

//! Answers of Azure's as the resources of a deployment.

use crate::{
    deployment::{Deployment, Resource, ResourceId},
    value::{Value, steps},
};

const SITE: &str = "Microsoft.Web/sites";
const CONFIG: &str = "Microsoft.Web/sites/config";
/// Azure lists the default rule for all other addresses as an explicit rule, after all others.
const LAST: i64 = 2_147_483_647;

/// Why an answer of Azure cannot be compared with the snapshot.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The answer is not JSON.
    #[error("this is no JSON: give what `az rest` or `az resource show` printed")]
    Json(#[from] serde_json::Error),
    /// Azure refused to answer.
    #[error("Azure answered with an error, {0}: sign in, or ask for a resource that is there")]
    Refused(String),
    /// It is no resource.
    #[error(
        "this has no `id` and `properties`: give what `az rest` or `az resource show` printed, not a summary"
    )]
    Resource,
    /// Half of a site.
    #[error(
        "{0}: Azure answers a site without its configuration; give `az rest --url ID/config/web` of it too"
    )]
    WithoutConfig(String),
    /// The variant has no resource of this type and name.
    #[error("{kind} {name}: `{variant}` has no such resource; was another size, plan or network deployed?")]
    Foreign {
        /// The type.
        kind: String,
        /// The name.
        name: String,
        /// The choice of parameters.
        variant: &'static str,
    },
}

/// Reads answers, each a resource, a list of them, or a page of a list; types are written as `expected` writes them.
pub(super) fn read(answers: &[&str], expected: &Deployment) -> Result<Deployment, LiveError> {
    let mut resources = Vec::new();
    for answer in answers {
        let json: serde_json::Value = serde_json::from_str(answer)?;
        if let Some(error) = json.get("error") {
            return Err(LiveError::Refused(error["code"].as_str().unwrap_or("without a code").to_owned()));
        }
        let page = json.get("value").and_then(serde_json::Value::as_array);
        let several = page.or_else(|| json.as_array()).cloned().unwrap_or_else(|| vec![json.clone()]);
        if several.is_empty() {
            return Err(LiveError::Resource);
        }
        for one in &several {
            resources.push(resource(&Value::from(one), expected).ok_or(LiveError::Resource)?);
        }
    }
    with_site_config(resources)
}

fn resource(answer: &Value, expected: &Deployment) -> Option<Resource> {
    answer.get("properties")?;
    let id = answer.get("id").and_then(Value::text)?;
    let (kind, name) = ResourceId::parse(id).kind_and_name()?;
    let known = expected.resources.iter().map(|one| &one.kind);
    let kind = known.into_iter().find(|known| known.eq_ignore_ascii_case(&kind)).cloned().unwrap_or(kind);
    Some(Resource::new(id, &kind, "", &name, answer))
}

/// Azure answers `config/web` apart from its site, where a deployment has them together; the site's own answer has
/// mostly null there.
fn with_site_config(resources: Vec<Resource>) -> Result<Deployment, LiveError> {
    let is_web =
        |one: &Resource| one.kind == CONFIG && one.body.get("name").and_then(Value::text) == Some("web");
    let (configs, mut others): (Vec<_>, Vec<_>) = resources.into_iter().partition(is_web);
    for site in others.iter_mut().filter(|one| one.kind == SITE) {
        let of_site = configs.iter().find(|config| config.name == format!("{}/web", site.name));
        let config = of_site.and_then(|config| config.body.get("properties"));
        let config = config.ok_or_else(|| LiveError::WithoutConfig(site.name.clone()))?;
        let config = without_last_rule(
            &without_last_rule(&with_no_origins(config), "ipSecurityRestrictions"),
            "scmIpSecurityRestrictions",
        );
        site.body = site.body.with(&steps("properties.siteConfig"), config);
    }
    Ok(Deployment { resources: others })
}

/// No rules for browsers are null in an answer, and a list of no origins is left out.
fn with_no_origins(config: &Value) -> Value {
    let none =
        [("cors.allowedOrigins", Value::List(Vec::new())), ("cors.supportCredentials", Value::Bool(false))];
    none.into_iter().fold(config.clone(), |config, (path, value)| match config.at(path) {
        Some(_) => config,
        None => config.with(&steps(path), value),
    })
}

/// Without the rule that only repeats the default action; where Azure names no default action, that rule is it.
fn without_last_rule(config: &Value, name: &str) -> Value {
    let Some(Value::List(rules)) = config.get(name) else { return config.clone() };
    let action_path = format!("{name}DefaultAction");
    let default = config.get(&action_path);
    let repeats = |rule: &Value| {
        let is_last = rule.get("priority") == Some(&Value::Int(LAST))
            && rule.get("ipAddress") == Some(&Value::exact("Any"));
        is_last && default.is_none_or(|default| rule.get("action") == Some(default))
    };
    let (last, others): (Vec<&Value>, Vec<&Value>) = rules.iter().partition(|rule| repeats(rule));
    let action = last.first().and_then(|rule| rule.get("action")).cloned();
    let config = config.with(&steps(name), Value::List(others.into_iter().cloned().collect()));
    match action {
        Some(action) => config.with(&steps(&action_path), action),
        None => config,
    }
}

//! The app settings that the infrastructure writes: the doctor fails none of them, and so the worker refuses none.

use std::fs;

use serde_json::Value;

use super::Deployment;
use crate::support::repository;

/// What a deployment would put in the place of a property that is only known then.
fn property(name: &str) -> String {
    match name {
        "clientId" => "3f0f6d0e-7f0c-4f53-8d7b-0f2f1b7c1a01",
        "vaultUri" => "https://vault.vault.azure.net/",
        "fullyQualifiedDomainName" => "server.postgres.database.azure.com",
        "ConnectionString" => "InstrumentationKey=3f0f6d0e-7f0c-4f53-8d7b-0f2f1b7c1a01",
        "storage" => "core.windows.net",
        other => panic!("a property that this test does not know: {other}"),
    }
    .to_owned()
}

/// The arguments of a call, of which commas in brackets and quotes are part.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[start..].trim());
    found
}

/// What an expression of a template becomes.
fn evaluated(expression: &str) -> String {
    if let Some(text) = expression.strip_prefix('\'') {
        return text.trim_end_matches('\'').to_owned();
    }
    if let Some(format) = expression.strip_prefix("format(").and_then(|rest| rest.strip_suffix(')')) {
        let values: Vec<_> = arguments(format).into_iter().map(evaluated).collect();
        let (pattern, values) = values.split_first().expect("a pattern");
        let numbered = values.iter().enumerate();
        return numbered.fold(pattern.clone(), |text, (at, value)| text.replace(&format!("{{{at}}}"), value));
    }
    property(expression.rsplit('.').next().unwrap_or_default())
}

/// The settings of each app of a deployment, by its name.
fn apps(snapshot: &Value) -> Vec<(&str, Vec<(&str, String)>)> {
    let resources = snapshot["predictedResources"].as_array().expect("resources");
    let settings = resources.iter().filter_map(|resource| {
        let app = resource["name"].as_str()?.strip_suffix("/appsettings")?;
        let settings = resource["properties"].as_object()?.iter().map(|(name, value)| {
            let value = value.as_str().expect("a setting is a text");
            let expression = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            (name.as_str(), expression.map_or_else(|| value.to_owned(), evaluated))
        });
        Some((app, settings.collect()))
    });
    settings.collect()
}

/// The functions that are deployed to an app and not disabled.
fn functions_of(app: &str, calls_backend: bool) -> Vec<String> {
    let folders = fs::read_dir(repository().join("functions")).expect("functions");
    let is_served = |name: &str| {
        let file = repository().join("functions").join(name).join("function.json");
        let is_http = fs::read_to_string(file).expect("its file").contains("httpTrigger");
        let is_here = if app.starts_with("func-api-") {
            is_http
        } else {
            !app.starts_with("func-processor-") || !is_http
        };
        is_here && (calls_backend || name != "FulfilOrder")
    };
    let names = folders.map(|folder| folder.expect("a function").file_name().to_string_lossy().into_owned());
    names.filter(|name| is_served(name)).collect()
}

#[tokio::test]
async fn doctor_accepts_the_settings_of_the_infrastructure() {
    let mut examined = 0;
    for entry in fs::read_dir(repository().join("infra/variants")).expect("the variants") {
        let path = entry.expect("an entry").path();
        if !path.to_string_lossy().ends_with(".snapshot.json") {
            continue;
        }
        let snapshot: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        let apps = apps(&snapshot);
        assert!(!apps.is_empty(), "{} has apps", path.display());
        for (app, settings) in apps {
            let calls_backend = settings.iter().any(|(name, _)| *name == "ORDERS_FULFILMENT_URL");
            let functions = functions_of(app, calls_backend);
            let functions: Vec<_> = functions.iter().map(String::as_str).collect();
            let deployment = Deployment::sound().only(&functions);
            let deployment = settings.iter().fold(deployment, |all, (name, value)| all.set(name, value));
            let found = deployment.examine_from_afar().await;
            assert_eq!(found.failed(), [""; 0], "{app} of {}: {}", path.display(), found.said);
            examined += 1;
        }
    }
    assert!(examined >= 2 * 9, "{examined}");
}

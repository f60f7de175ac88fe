use std::{env, path::PathBuf, sync::OnceLock};

use super::*;
use crate::tools;

/// The repository, with the tools where its commands install them.
fn project() -> Project {
    let here = Project::here();
    Project::with_output_folder(here.root(), &here.root().join("target"))
}

/// The parser; none on a laptop without npm. Where `CI` is set, nothing is left out.
fn tool() -> Option<&'static PathBuf> {
    static TOOL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = TOOL.get_or_init(|| {
        tools::npm(&project(), "kusto", PARSER).unwrap_or_else(|error| {
            assert!(env::var_os("CI").is_none(), "the parser of KQL cannot be installed: {error:#}");
            None
        })
    });
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "install Node 20 or newer");
        println!("NOT TESTED: queries, because the parser of KQL cannot be installed with npm");
    }
    found.as_ref()
}

/// What is said of each of some queries, whose names are their places.
fn said(tool: &Path, texts: &[&str]) -> Vec<Vec<String>> {
    let queries = texts.iter().enumerate().map(|(place, text)| Query {
        file: place.to_string(),
        line: 1,
        text: (*text).to_owned(),
    });
    let queries: Vec<_> = queries.collect();
    let faults = analyse(&project(), tool, &queries).expect("they are analysed");
    let of = |query: &Query| {
        let about = faults.iter().filter(|fault| fault.file == query.file);
        about.map(ToString::to_string).collect()
    };
    queries.iter().map(of).collect()
}

#[test]
fn every_query_uses_known_columns() {
    let Some(tool) = tool() else { return };
    let queries = all(&project()).expect("the queries can be read");
    assert!(queries.len() > 10, "{}", queries.len());
    let faults = analyse(&project(), tool, &queries).expect("they are analysed");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn an_error_is_reported_with_its_line() {
    let Some(tool) = tool() else { return };
    let mistakes = [
        ("AppTrace\n| count", "1:1: KS204"),
        ("AppTraces\n| where Mesage == 'x'", "2:9: KS142"),
        ("union isfuzzy=true AppTraces, AppTrases", "1:31: KS205"),
        ("AppTraces\n| wher Message == 'x'", "2:3: KS176"),
        ("AppTraces | where Message = 'x'", "1:19: KS141"),
        ("AppTraces | summarize coun()", "1:23: KS211"),
        ("ApiManagementGatewayLogs | where ResponseCode >= OperationId", "1:47: KS106"),
        ("ApiManagementGatewayLogs\n| where ResponseCode == '401'", "cannot compare int with string"),
        ("ApiManagementGatewayLogs | where OperationId in ('a', 4)", "cannot compare string with long"),
        // A union keeps columns of one name and two types apart, under other names.
        (
            "union isfuzzy=true (datatable(n: int) []), (AppTraces | project n = 1) | where n > 0",
            "KS142 The name 'n'",
        ),
    ];
    for ((text, want), said) in mistakes.iter().zip(said(tool, &mistakes.map(|(text, _)| text))) {
        assert!(said.iter().any(|fault| fault.contains(want)), "{text}: {said:?}");
    }
}

#[test]
fn a_valid_query_passes() {
    let Some(tool) = tool() else { return };
    let right = [
        "ApiManagementGatewayLogs | where ResponseCode in (401, 403) and ResponseCode != 500.0",
        "AppTraces | where Properties.Category == 'x' and Properties.count == 4",
        "AZKVAuditLogs | where TimeGenerated == datetime(2026-01-01)",
    ];
    assert_eq!(said(tool, &right), vec![Vec::<String>::new(); right.len()]);
}

#[test]
fn queries_are_found_in_all_file_kinds() {
    let text = "text\n```kql\nAppTraces\n| count\n```\n| a | `--analytics-query \"traces \\| count\"` |\n";
    let found = written(text);
    assert_eq!(found, [(3, "AppTraces\n| count\n".to_owned()), (6, "traces | count".to_owned())]);
    let snapshot = json!({ "predictedResources": [
        { "type": "Microsoft.Insights/scheduledQueryRules", "properties": { "allOf": [{ "query": "AppTraces" }] } },
        { "type": "Microsoft.ApiManagement/service/apis", "properties": { "query": "subscription-key" } },
    ] });
    assert_eq!(deployed(&snapshot), ["AppTraces"]);
}

#[test]
fn every_table_cites_its_documentation() {
    let text = project::read(&project().root().join(TABLES)).expect("the tables can be read");
    let tables: BTreeMap<String, Json> = serde_json::from_str(&text).expect("JSON");
    for (name, table) in tables {
        let source = table["source"].as_str().unwrap_or_default();
        assert!(source.starts_with("https://learn.microsoft.com/azure/azure-monitor/"), "{name}: {source}");
        assert!(table["edition"].as_str().is_some_and(|edition| edition.len() == 10), "{name}");
    }
}

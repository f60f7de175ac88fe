//! KQL: every query of the repository, analysed by Microsoft's own parser against the published columns of its tables.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use infra_check::variants;
use project::Project;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::list;
/// Tables with the type of each column, as Azure publishes them.
const TABLES: &str = "infra/schema/tables.json";
/// The parser, an npm package.
pub(super) const PARSER: &str = "@kusto/language-service-next@12.4.1";
/// Where documents and scripts tell people to run a query.
const TEXTS: [(&str, &str); 4] =
    [("docs", "md"), ("infra", "md"), ("infra/scripts", "sh"), (".github/workflows", "yml")];
/// Whose `query` is KQL.
const ASKING: [&str; 3] =
    ["Microsoft.Insights/", "Microsoft.SecurityInsights/", "Microsoft.OperationalInsights/"];

/// A query, and where it begins.
#[derive(Serialize)]
struct Query {
    file: String,
    line: usize,
    text: String,
}

/// What is wrong with a query.
#[derive(Debug, Deserialize)]
struct Fault {
    file: String,
    line: usize,
    column: usize,
    says: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.says)
    }
}

/// Analyses every query; each message of the parser is an error.
pub(super) fn run(project: &Project, tool: &Path) -> anyhow::Result<()> {
    let queries = all(project)?;
    let faults = analyse(project, tool, &queries)?;
    for fault in &faults {
        println!("{fault}");
    }
    ensure!(
        faults.is_empty(),
        "{} faults in queries; a table that is not known needs its published columns in {TABLES}",
        faults.len()
    );
    println!("kusto: nothing to say of {} queries", queries.len());
    Ok(())
}

fn analyse(project: &Project, tool: &Path, queries: &[Query]) -> anyhow::Result<Vec<Fault>> {
    let mut node = Command::new("node");
    node.arg(project.root().join("tools/xtask/kusto/analyse.cjs"));
    let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start node")?;
    let input = json!({
        "parser": tool.join("node_modules/@kusto/language-service-next"),
        "tables": tables(project)?,
        "queries": queries,
    });
    node.stdin.take().context("node takes no input")?.write_all(input.to_string().as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "the parser of KQL failed: see above");
    serde_json::from_slice(&output.stdout).context("the parser of KQL said no JSON")
}

fn tables(project: &Project) -> anyhow::Result<BTreeMap<String, Json>> {
    #[derive(Deserialize)]
    struct Table {
        columns: Json,
    }
    let text = project::read(&project.root().join(TABLES))?;
    let tables: BTreeMap<String, Table> =
        serde_json::from_str(&text).with_context(|| format!("{TABLES} is in another form"))?;
    Ok(tables.into_iter().map(|(name, table)| (name, table.columns)).collect())
}

/// The queries of files of their own, those that only a template holds, and those in documents, scripts and workflows.
fn all(project: &Project) -> anyhow::Result<Vec<Query>> {
    let mut queries = Vec::new();
    for file in list(project, "infra/queries", "kql")? {
        let text = project::read(&project.root().join(&file))?;
        queries.push(Query { file: file.display().to_string(), line: 1, text });
    }
    for variant in variants::all_variants() {
        let snapshot: Json =
            serde_json::from_str(&project::read(&project.root().join(variant.snapshot_path()))?)?;
        for text in deployed(&snapshot) {
            if !queries.iter().any(|known| known.text == text) {
                queries.push(Query { file: variant.snapshot_path(), line: 1, text });
            }
        }
    }
    for (folder, ending) in TEXTS {
        for file in list(project, folder, ending)? {
            let text = fs::read_to_string(project.root().join(&file))
                .with_context(|| format!("cannot read {}", file.display()))?;
            let written = written(&text).into_iter();
            queries.extend(written.map(|(line, text)| Query {
                file: file.display().to_string(),
                line,
                text,
            }));
        }
    }
    Ok(queries)
}

/// What the resources of a snapshot ask.
fn deployed(snapshot: &Json) -> Vec<String> {
    let resources = snapshot["predictedResources"].as_array().into_iter().flatten();
    let asking = resources.filter(|one| {
        let kind = one["type"].as_str().unwrap_or_default();
        ASKING.iter().any(|prefix| kind.starts_with(prefix))
    });
    let mut found = Vec::new();
    asking.for_each(|resource| collect(resource, &mut found));
    found
}

fn collect(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(members) => members.iter().for_each(|(name, value)| match value {
            Json::String(text) if name == "query" => found.push(text.clone()),
            _ => collect(value, found),
        }),
        _ => {}
    }
}

/// The queries of a text with the lines on which they begin: fenced ones, and what a command is given.
fn written(text: &str) -> Vec<(usize, String)> {
    let fence = Regex::new(r"(?m)^ *```(?:kql|kusto)\n((?s:.*?))^ *```").expect("an expression");
    let given = Regex::new(r#"--analytics-query[ =]"([^"]+)""#).expect("an expression");
    let found = fence.captures_iter(text).chain(given.captures_iter(text));
    let queries = found.filter_map(|captures| captures.get(1)).map(|query| {
        let line = text.get(..query.start()).unwrap_or_default().matches('\n').count() + 1;
        // In a table of Markdown a bar is written so.
        (line, query.as_str().replace("\\|", "|"))
    });
    queries.collect()
}

#[cfg(test)]
mod tests;

//! `cargo xtask generate`: writes each function.json, requests.http, docs/openapi.json, docs/events.md,
//! docs/reference/configuration.md, the JSON Schemas, docs/deployment.svg and docs/links.txt anew. The tests that hold the
//! copies against what they are made of also make them.

use anyhow::{Context as _, ensure};
use project::Project;

/// Programs of tests, and those of them that write.
const TESTS: [(&[&str], &[&str]); 4] = [
    (
        &["--test", "suite"],
        &["every_function_json_matches_the_registry", "requests_http_matches_the_api_description"],
    ),
    (
        &["--lib"],
        &[
            "the_committed_document_is_current",
            "events_md_matches_the_events",
            "the_committed_page_of_settings_is_the_table",
            "the_committed_schema_of_settings_is_the_table",
            "the_committed_schemas_match_the_readers",
        ],
    ),
    (&["--test", "infrastructure"], &["the_diagram_matches_its_source"]),
    (&["--test", "repository"], &["the_external_link_list_is_current"]),
];

/// Runs those tests in the way that writes.
pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    for (program, names) in TESTS {
        let mut test = project.cargo();
        test.args(["test", "--quiet", "--workspace"]).args(program).arg("--").args(names).env("REWRITE", "1");
        let status = test.status().context("cannot start cargo")?;
        ensure!(status.success(), "the files could not be written: correct what cargo says above");
    }
    println!(
        "each function.json, requests.http, docs/openapi.json, docs/events.md and docs/reference/configuration.md are \
         what the worker registers, answers, logs and reads; docs/reference/local.settings.schema.json and \
         crates/functions-emulator/schemas are what the readers of these files accept; docs/deployment.svg is what \
         infra/diagram.txt says, and docs/links.txt what the repository links to; see what changed with `git diff \
         functions docs crates requests.http`"
    );
    Ok(())
}

//! What alerts and hunting queries look into.

use std::fs;

use infra_check::queries::QueryFields;

use crate::{files, read, root};

#[test]
fn every_query_reads_existing_events_and_fields() {
    // The worker's own tests hold this list against what can be logged; the stage `evidence` holds the queries against
    // what was.
    let events = read("docs/events.md");
    let mut queries = Vec::new();
    files(&root().join("infra/queries"), "kql", &mut queries);
    assert!(queries.len() >= 8);
    for path in queries {
        let text = fs::read_to_string(&path).expect("UTF-8");
        let name = path.display();
        assert!(text.starts_with("// A row: "), "{name} does not say what a row means");
        let reads = QueryFields::parse(&text);
        for field in &reads.fields {
            assert!(events.contains(&format!("`{field}`")), "{name}: no event has `{field}`");
        }
        for event in &reads.events {
            assert!(events.contains(&format!("| `{event}` |")), "{name}: there is no event `{event}`");
        }
    }
}

#[test]
fn denial_queries_include_suppressed_denials() {
    for name in ["refused-callers", "one-caller-many-refusals"] {
        let text = read(&format!("infra/queries/{name}.kql"));
        let reads = QueryFields::parse(&text);
        assert!(reads.events.contains("denials-suppressed") && reads.fields.contains("count"), "{name}");
        assert!(!text.contains("count()"), "{name}: a line that counts many is counted as one");
    }
}

#[test]
fn queries_cover_the_gateway_and_the_worker() {
    for name in ["refused-callers", "server-errors"] {
        let text = read(&format!("infra/queries/{name}.kql"));
        for table in ["ApiManagementGatewayLogs", "AppTraces"] {
            assert!(text.contains(table), "{name} does not look into {table}");
        }
    }
}

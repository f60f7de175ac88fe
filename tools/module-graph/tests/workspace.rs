//! No two modules of this workspace need each other, except those that `allowed.txt` lists with a reason.

use std::{fmt::Write as _, fs, path::Path};

use module_graph::{Graph, crate_roots};

/// One edge a line: the crate, the module that names, the module that it names, and why it may for now.
const ALLOWED: &str = "tests/allowed.txt";

#[test]
fn no_modules_depend_on_each_other() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.join("../..").canonicalize().expect("the workspace's folder");
    let known = fs::read_to_string(here.join(ALLOWED)).expect("the list");
    let mut known: Vec<Vec<&str>> = known
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.splitn(4, " | ").collect())
        .collect();
    let mut found = String::new();
    for root in crate_roots(&workspace).expect("the members") {
        let mut graph = Graph::read(&root.file).expect("a crate");
        known.retain(|line| {
            let &[name, from, to, _] = line.as_slice() else { panic!("no line of {ALLOWED}: {line:?}") };
            let tied = name == root.name && graph.cycles().iter().any(|cycle| cycle.contains_edge(from, to));
            if tied {
                graph.remove_edges(from, to);
            }
            !tied
        });
        for cycle in graph.cycles() {
            write!(found, "{} {cycle}", root.name).expect("a text");
        }
    }
    let found = found.replace(&format!("{}/", workspace.display()), "");
    assert!(found.is_empty(), "modules that need each other:\n{found}");
    assert!(known.is_empty(), "lines of {ALLOWED} that no cycle needs any more: {known:#?}");
}

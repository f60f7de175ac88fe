//! The picture of the deployed system and what it is drawn from.

use std::{collections::BTreeSet, fs};

use infra_check::diagram::{self, Diagram};

use crate::root;

const COMMITTED: &str = "docs/deployment.svg";

fn source() -> String {
    fs::read_to_string(root().join("infra/diagram.txt")).expect("it is there")
}

#[test]
fn the_diagram_matches_its_source() {
    let drawn = diagram::svg(&Diagram::read(&source()).unwrap_or_else(|fault| panic!("{fault}")));
    if std::env::var_os("REWRITE").is_some() {
        fs::write(root().join(COMMITTED), &drawn).expect("the file can be written");
    }
    let committed = fs::read_to_string(root().join(COMMITTED)).expect("it is there");
    assert!(drawn == committed, "{COMMITTED} is not what infra/diagram.txt says: `cargo xtask generate`");
}

#[test]
fn every_module_is_in_the_diagram() {
    let diagram = Diagram::read(&source()).unwrap_or_else(|fault| panic!("{fault}"));
    let mut shown: Vec<&str> = diagram.modules().collect();
    shown.sort_unstable();
    let modules: BTreeSet<String> = fs::read_dir(root().join("infra/modules"))
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(shown, modules.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn an_invalid_diagram_line_is_reported() {
    for (line, told) in [
        ("box a 1 - : A", "a place is"),
        ("box a 1,1 -", "a title"),
        ("arrow a b", "no box of that name"),
        ("circle 1,1", "begins with none"),
    ] {
        let fault = Diagram::read(&format!("# head\n{line}")).expect_err(line);
        assert_eq!(fault.line, 2);
        assert!(fault.why.contains(told), "{line}: {fault}");
    }
}

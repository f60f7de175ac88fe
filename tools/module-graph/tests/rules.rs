//! What counts as needing each other, on crates of a few lines.

use std::{fs, path::Path};

use module_graph::Graph;
use tempfile::TempDir;

/// The members of each cycle of a crate of these files.
fn cycles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    let graph = Graph::read(&folder.path().join("lib.rs")).expect("a crate");
    graph.cycles().into_iter().map(|cycle| cycle.members).collect()
}

#[test]
fn mutual_siblings_form_a_cycle() {
    let tied = cycles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub(crate) struct A; fn f() -> crate::b::B { todo!() }"),
        ("b.rs", "use super::a; pub(crate) struct B(a::A);"),
    ]);
    assert_eq!(tied, [["a", "b"]]);
}

#[test]
fn descendants_of_siblings_form_a_cycle() {
    let tied = cycles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod deep; pub(crate) struct A;"),
        ("a/deep.rs", "fn f() { let _ = crate::b::B; }"),
        ("b.rs", "pub(crate) struct B; fn f() { vec![crate::a::A]; }"),
    ]);
    assert_eq!(tied, [["a", "b"]]);
}

#[test]
fn one_direction_is_no_cycle() {
    let tied = cycles(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "use crate::A; pub struct B(A);"),
    ]);
    assert!(tied.is_empty(), "{tied:?}");
}

#[test]
fn a_child_may_use_a_parent_that_ignores_it() {
    let tied = cycles(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod child; pub use self::child::Child; pub(crate) struct Shared;"),
        ("a/child.rs", "use super::Shared; pub struct Child(Shared);"),
    ]);
    assert!(tied.is_empty(), "{tied:?}");
}

#[test]
fn a_parent_and_a_child_can_form_a_cycle() {
    let tied = cycles(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod child; pub(crate) struct Shared; fn f() { child::run(Shared); }"),
        ("a/child.rs", "use super::Shared; pub(super) fn run(_: Shared) {}"),
    ]);
    assert_eq!(tied, [["a", "a::child"]]);
}

#[test]
fn reexports_resolve_to_the_definition() {
    let tied = cycles(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod child; mod shared; pub(crate) use self::shared::*; fn f() { child::run(Shared); }"),
        ("a/shared.rs", "pub(crate) struct Shared;"),
        ("a/child.rs", "use super::Shared; pub(super) fn run(_: Shared) {}"),
    ]);
    assert!(tied.is_empty(), "{tied:?}");
}

#[test]
fn a_module_and_a_function_may_share_a_name() {
    let tied = cycles(&[
        ("lib.rs", "mod run; mod other; fn run() { other::f() }"),
        ("run.rs", "pub(crate) fn f() {}"),
        ("other.rs", "use crate::run::{self}; pub(crate) fn f() { run::f() }"),
    ]);
    assert!(tied.is_empty(), "{tied:?}");
}

#[test]
fn macros_and_attributes_are_parsed() {
    let tied = cycles(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub(crate) fn f() {} pub(crate) fn g() { assert!(crate::b::yes()); }"),
        (
            "b.rs",
            "pub(crate) fn yes() -> bool { true } struct S { #[serde(default = \"crate::a::f\")] field: u8 }",
        ),
    ]);
    assert_eq!(tied, [["a", "b"]]);
}

#[test]
fn listed_edges_are_ignored() {
    let folder = TempDir::new().expect("a folder");
    fs::write(
        folder.path().join("lib.rs"),
        "mod a { pub struct A(crate::b::B); } mod b { pub struct B; fn f(_: crate::a::A) {} }",
    )
    .expect("a file");
    let mut graph = Graph::read(&folder.path().join("lib.rs")).expect("a crate");
    assert_eq!(graph.remove_edges("b", "a"), 1);
    assert!(graph.cycles().is_empty());
}

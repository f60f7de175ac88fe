//! The measurement of growth, from an empty server to its tables, with few orders.

use std::{env, path::PathBuf, process::Command};

const BENCH: &str = env!("CARGO_BIN_EXE_bench");

/// The worker that the tests are about: one that is named, or cargo's own.
fn worker() -> PathBuf {
    if let Some(named) = env::var_os("WORKER_UNDER_TEST") {
        return named.into();
    }
    let built = Command::new(env!("CARGO")).args(["build", "--package", "orders-worker"]).status();
    assert!(built.expect("cargo starts").success(), "the worker does not compile");
    PathBuf::from(BENCH).with_file_name("orders-worker")
}

#[test]
fn a_quick_run_measures_every_function_and_explains_its_statements() {
    let target = tempfile::tempdir().expect("a folder");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut bench = Command::new(BENCH);
    bench.args(["--growth", "--quick", "--root", root]).arg("--target").arg(target.path());
    let ran = bench.arg("--worker").arg(worker()).output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    for function in ["GetOrder", "ListOrders, all, deep", "FulfilOrder", "PurgeExpired"] {
        let rows = said.lines().filter(|line| line.starts_with(function)).count();
        // Without PostgreSQL's own extensions nothing is explained, and that is said.
        let explained = !said.contains("LEFT OUT: what the statements read");
        assert_eq!(rows, 1 + usize::from(explained), "{function}: {said}");
    }
    let kept: Vec<_> = target.path().join("bench").read_dir().expect("raw data").collect();
    assert_eq!(kept.len(), 1, "a quick run keeps its raw data and no database: {kept:?}");
}

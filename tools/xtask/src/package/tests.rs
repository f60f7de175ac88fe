//! A package is fit to be deployed, or it is not made.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use object::{Architecture, BinaryFormat, Endianness, SectionKind, write::Object};
use project::Project;
use tempfile::TempDir;

use super::{App, Entries, Entry, Program, archive, package, rules};
const LIST: &str = r#"{"packages": [
    {"name": "functions-lint", "version": "0.1.0", "source": "local"},
    {"name": "orders-worker", "version": "0.1.0", "source": "local", "root": true},
    {"name": "fastrand", "version": "2.5.0", "source": "crates.io"}
]}"#;

/// A program without libraries; with a list of what it is built from, or without.
fn program(architecture: Architecture, list: Option<&str>) -> Vec<u8> {
    let mut program = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    if let Some(list) = list {
        let section = program.add_section(Vec::new(), b".dep-v0".to_vec(), SectionKind::ReadOnlyData);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(list.as_bytes(), 6);
        program.set_section_data(section, packed, 1);
    }
    let mut file = program.write().unwrap();
    // The writer makes parts of programs; this one is said to be whole.
    file[16] = 3;
    file
}

/// A repository with one function of each app, and a worker beside it.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        let host = r#"{"customHandler": {"description": {"defaultExecutablePath": "orders-worker"}}}"#;
        this.write("host.json", host.as_bytes());
        this.write("functions/Ask/function.json", br#"{"bindings": [{"type": "httpTrigger"}]}"#);
        this.write("functions/Take/function.json", br#"{"bindings": [{"type": "queueTrigger"}]}"#);
        this.write("functions/README.md", b"no function");
        this.write("local.settings.json", b"{}");
        this.write("worker", &program(Architecture::X86_64, Some(LIST)));
        this.allow(0o755);
        this
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn worker(&self) -> PathBuf {
        self.root().join("worker")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn allow(&self, mode: u32) {
        fs::set_permissions(self.worker(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn packaged(&self, app: App) -> anyhow::Result<Vec<u8>> {
        package(self.root(), &Program::of(self.root(), &self.worker())?, app)
    }

    fn refusal(&self) -> String {
        format!("{:#}", self.packaged(App::Api).unwrap_err())
    }
}

#[test]
fn a_package_contains_only_its_own_functions() {
    let repository = Repository::new();
    for (app, functions) in
        [(App::Api, &["Ask"][..]), (App::Processor, &["Take"]), (App::One, &["Ask", "Take"])]
    {
        let zip = repository.packaged(app).unwrap();
        assert_eq!(zip, repository.packaged(app).unwrap());
        let held = archive::unpack(&zip).unwrap();
        let held: BTreeSet<(String, u32)> =
            held.into_iter().map(|(path, entry)| (path, entry.mode)).collect();
        let mut expected =
            BTreeSet::from([("host.json".to_owned(), 0o644), ("orders-worker".to_owned(), 0o755)]);
        expected.extend(functions.iter().map(|name| (format!("{name}/function.json"), 0o644)));
        assert_eq!(held, expected);
    }
}

#[test]
fn an_unusable_or_leaking_package_is_rejected() {
    let repository = Repository::new();
    repository.allow(0o644);
    assert!(repository.refusal().contains("the worker's mode is 644"));

    for (bytes, told) in [
        (program(Architecture::Aarch64, Some(LIST)), "another architecture"),
        (
            program(Architecture::X86_64, Some(&LIST.replace("functions-lint", "infra-check"))),
            "holds infra-check",
        ),
        (program(Architecture::X86_64, Some(&LIST.replace("orders-worker", "bench"))), "holds bench"),
        (program(Architecture::X86_64, None), "does not say what it was built from"),
        (b"#!/bin/sh\n".to_vec(), "no program for Linux"),
        (part(), "no program for Linux"),
        ([program(Architecture::X86_64, Some(LIST)), leaked()].concat(), "an account key"),
    ] {
        repository.write("worker", &bytes);
        repository.allow(0o755);
        let refusal = repository.refusal();
        assert!(refusal.contains(told), "{told}: {refusal}");
    }

    fs::remove_file(repository.worker()).unwrap();
    assert!(repository.refusal().contains("there is no worker"));

    let repository = Repository::new();
    repository.write(
        "functions/Ask/function.json",
        br#"{"bindings": [{"type": "httpTrigger", "password": "correct horse"}]}"#,
    );
    assert!(repository.refusal().contains("`password`"));

    let repository = Repository::new();
    repository.write("host.json", b"{}");
    assert!(repository.refusal().contains("defaultExecutablePath"));
}

/// What a compiler makes before the linker.
fn part() -> Vec<u8> {
    let mut file = program(Architecture::X86_64, Some(LIST));
    file[16] = 1;
    file
}

fn leaked() -> Vec<u8> {
    format!("AccountKey={}==", "aB3".repeat(20)).into_bytes()
}

#[test]
fn a_package_contains_exactly_the_expected_files() {
    let worker = Entry { mode: 0o755, bytes: program(Architecture::X86_64, Some(LIST)) };
    let host = r#"{"customHandler": {"description": {"defaultExecutablePath": "bin/worker"}}}"#;
    let plain = |text: &str| Entry { mode: 0o644, bytes: text.into() };
    let fit = Entries::from([
        ("host.json".to_owned(), plain(host)),
        ("bin/worker".to_owned(), worker.clone()),
        ("Ask/function.json".to_owned(), plain("{}")),
    ]);
    let faults = |entries: &Entries| {
        let zip = archive::pack(entries).unwrap();
        rules::faults(&zip, &BTreeSet::from(["Ask"]), &worker).unwrap().join("; ")
    };
    assert_eq!(faults(&fit), "");
    for path in
        ["Take/function.json", "Ask/more.json", "functions-emulator", "local.settings.json", "./bin/worker"]
    {
        let mut more = fit.clone();
        more.insert(path.to_owned(), worker.clone());
        assert!(faults(&more).contains(&format!("{path} does not belong")), "{path}: {}", faults(&more));
    }
    for path in ["host.json", "bin/worker", "Ask/function.json"] {
        let mut less = fit.clone();
        less.remove(path);
        assert!(faults(&less).contains("missing"), "{path}: {}", faults(&less));
    }
    let mut other = fit.clone();
    other.insert("bin/worker".to_owned(), Entry { mode: 0o644, ..worker.clone() });
    assert!(faults(&other).contains("another one"), "{}", faults(&other));
    let mut heavy = fit;
    // What cannot be compressed: a sequence of a generator, which is the same in every run.
    let mut state = 1_u32;
    let noise = (0..rules::LIMIT).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    heavy.insert("host.json".to_owned(), Entry { mode: 0o644, bytes: noise.collect() });
    assert!(faults(&heavy).contains(&format!("more than {}", rules::LIMIT)));
}

#[test]
fn every_function_belongs_to_one_app() {
    let project = Project::here();
    let of = |app: App| app.functions(project.root()).unwrap().into_keys().collect::<BTreeSet<_>>();
    let (api, processor) = (of(App::Api), of(App::Processor));
    assert!(api.is_disjoint(&processor));
    assert_eq!((api.len(), processor.len()), (14, 6), "docs/reference/api.md#apps");
    assert_eq!(of(App::One), api.union(&processor).cloned().collect());
}

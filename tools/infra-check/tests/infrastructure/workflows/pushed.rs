//! What a push, a tag or a date starts: CI, Security, Release and Links.

use infra_check::workflow::Job;

use super::*;

const BICEP: &str = "https://github.com/Azure/bicep/releases/download/v0.49.2/bicep-linux-x64";

fn compiler() -> Vec<Call> {
    vec![
        change(format!("curl -fsSL --output bicep {BICEP}")).does("touch bicep"),
        reads("sha256sum --check --quiet", ""),
        change("sudo install bicep /usr/local/bin/bicep"),
    ]
}

/// The stages of each job, and what a job of CI does beside them.
fn ci() -> Vec<Call> {
    let mut calls = vec![
        change("rustup toolchain install stable --profile minimal --component clippy,rustfmt"),
        change("sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0"),
        change("sudo apt-get update --quiet"),
        change("sudo apt-get install --quiet --yes valgrind"),
        change("tar --create --file package.tar target/packaged-app"),
        change("tar --extract --file package.tar"),
        reads("cargo test --locked --workspace --lib --bins", ""),
        reads("cargo xtask func --story", ""),
        reads("cargo xtask stranger --install", ""),
        reads("cargo xtask stranger", ""),
    ];
    calls.extend(compiler());
    calls.extend(storage_emulator());
    calls.extend(STAGES.map(|stages| reads(format!("cargo xtask test --stage {stages}"), "")));
    calls
}

/// Core Tools, and the storage emulator in the background: the first look at it waits until it was started.
fn storage_emulator() -> Vec<Call> {
    let look = |port| {
        let options = "--silent --retry 30 --retry-connrefused --max-time 60 --output /dev/null";
        reads(format!("curl {options} http://127.0.0.1:{port}/"), "")
            .does("until grep --quiet ^azurite ../called; do sleep 1; done")
    };
    let mut calls = vec![
        change("rustup toolchain install stable --profile minimal"),
        change("npm install --global azure-functions-core-tools@4.15.1 azurite@3.35.0"),
        change("azurite --silent --skipApiVersionCheck --location azurite"),
    ];
    calls.extend([10000, 10001, 10002].map(look));
    calls
}

/// The stages of `cargo xtask test`, as the jobs of CI share them out. The last job is that of macOS.
const STAGES: [&str; 7] = [
    "format lints docs licences infrastructure",
    "‹release build› package measurements",
    "tests",
    "clock chaos",
    "description console documents",
    "evidence",
    "format lints",
];

fn security() -> Vec<Call> {
    let mut calls = vec![
        change("cargo install --locked --version 0.20.2 cargo-deny"),
        reads("cargo deny --workspace check", ""),
        change("pipx install detect-secrets==1.5.0"),
        reads("git ls-files -z", "").does("printf 'a b\\0c\\0'"),
        // Lines of known findings moved.
        reads("detect-secrets-hook --baseline .github/secrets.baseline ‹a b› c", "").does("exit 3"),
        reads("cargo xtask infra scan", ""),
    ];
    calls.extend(compiler());
    calls.extend(
        ["build", "lint", "format --check", "snapshot --validate"]
            .map(|what| reads(format!("cargo xtask infra {what}"), "")),
    );
    calls.push(reads("bicep lint --config .github/bicepconfig.recent.json infra/main.bicep", ""));
    calls
}

fn release(passed: &str) -> Vec<Call> {
    let mut calls: Vec<_> = ["ci.yml", "security.yml"]
        .iter()
        .map(|workflow| {
            reads(format!("gh api --method GET repos/example/orders/actions/workflows/{workflow}/runs -f head_sha=COMMIT -f branch=main -f event=push -f status=success --jq .total_count"), passed)
        })
        .collect();
    calls.extend([
        change("rustup toolchain install stable --profile minimal"),
        change("cargo xtask package --app all").does("mkdir -p target/package; touch target/package/api.zip"),
        change("gh release create v1 --verify-tag --generate-notes target/package/api.zip"),
        change("cargo build --release --locked --package functions-emulator"),
        change("tar --create --gzip --file functions-emulator-TARGET.tgz --directory target/release functions-emulator"),
        change("gh release upload v1 functions-emulator-TARGET.tgz"),
    ]);
    calls
}

/// A request for a page, without the part that browsers keep to themselves.
fn page(address: &str) -> Call {
    let options = "--fail --silent --show-error --location --retry 3 --max-time 60 --output /dev/null";
    reads(format!("curl {options} {address}"), "")
}

/// The workflow Links on a list of two links.
fn links(calls: &[Call]) -> Run {
    let run = Run::new("links.yml", calls, &KNOWN);
    let docs = run.stubs.project().join("docs");
    fs::create_dir(&docs).expect("a folder");
    fs::write(docs.join("links.txt"), "https://one.test/a#b\nhttps://two.test/\n").expect("a list");
    run
}

const KNOWN: [(&str, &str); 7] = [
    ("github.token", "GITHUB"),
    ("github.repository", "example/orders"),
    ("github.sha", "COMMIT"),
    ("github.ref_name", "v1"),
    ("github.event_name", "schedule"),
    ("matrix.runner", "RUNNER"),
    ("matrix.target", "TARGET"),
];

/// The workflow CI, with what two jobs handed on.
fn ci_run() -> Run {
    let run = Run::new("ci.yml", &ci(), &KNOWN);
    for (place, text) in [("ran-tests", "ok one\n"), ("ran-faults", "ok two\n")] {
        let folder = run.stubs.project().join("ran").join(place);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("tests.txt"), text).expect("a file");
        fs::write(folder.join("kept-log.jsonl"), "{}\n").expect("a file");
    }
    run
}

pub(super) fn runs() -> Vec<(&'static str, Run)> {
    let run = |name, calls: &[Call]| (name, Run::new(name, calls, &KNOWN));
    let found = links(&[page("https://one.test/a"), page("https://two.test/")]);
    vec![
        ("ci.yml", ci_run()),
        run("security.yml", &security()),
        run("release.yml", &release("1")),
        ("links.yml", found),
    ]
}

#[test]
fn a_failed_commit_is_not_released() {
    let run = Run::new("release.yml", &release("0")[..1], &KNOWN).finished();
    assert!(run.failed.is_some() && run.said.contains("did not succeed for COMMIT on main"), "{}", run.said);
    run.stubs.all_told();
    assert_eq!(run.done.len(), 1, "{:?}", run.done);
}

/// What `cargo binstall` asks for is what the workflow uploads.
#[test]
fn binstall_finds_the_archives_of_a_release() {
    let (manifest, workflow) =
        (read("crates/functions-emulator/Cargo.toml"), read(".github/workflows/release.yml"));
    assert!(manifest.contains("/releases/download/v{ version }/{ name }-{ target }.tgz"), "{manifest}");
    assert!(manifest.contains("name = \"functions-emulator\"") && workflow.contains("tags: [\"v*\"]"));
    assert!(workflow.contains("gh release upload \"$TAG\" \"functions-emulator-$TARGET.tgz\""), "{workflow}");
    assert!(workflow.contains("target: x86_64-unknown-linux-gnu"), "{workflow}");
}

#[test]
fn an_outdated_api_version_fails_the_schedule() {
    let mut calls = security();
    let last = calls.pop().expect("the lint").says("Warning use-recent-api-versions");
    calls.push(last);
    let run = Run::new("security.yml", &calls, &KNOWN).finished();
    assert!(run.failed.is_some_and(|step| step.contains("still recent")), "{}", run.said);
}

#[test]
fn a_dead_link_fails_after_all_links_are_checked() {
    let dead = page("https://one.test/a").fails("");
    let run = links(&[dead, page("https://two.test/")]).finished();
    assert!(run.failed.is_some() && run.said.contains("::error::https://one.test/a#b"), "{}", run.said);
    run.stubs.all_told();
}

#[test]
fn the_evidence_sees_every_test_that_ran() {
    let workflow = Workflow::read(&read(".github/workflows/ci.yml")).expect("a workflow");
    let keeps = |job: &Job| job.steps.iter().any(|step| step.with.get("name").is_some_and(is_record));
    let keepers: BTreeSet<_> =
        workflow.jobs.iter().filter(|(_, job)| keeps(job)).map(|(id, _)| id.as_str()).collect();
    let evidence = &workflow.jobs["evidence"];
    assert_eq!(evidence.needs().collect::<BTreeSet<_>>(), keepers);
    let download = evidence.steps.iter().find_map(|step| step.with.get("pattern")).expect("it loads them");
    assert_eq!(download, "ran-*");
    // Each of these stages runs `cargo test`.
    for stage in ["package", "tests", "clock"] {
        let runs = |job: &Job| job.steps.iter().any(|step| step.runs_stage(stage));
        let job = workflow.jobs.iter().find(|(_, job)| runs(job)).expect("a job");
        assert!(keepers.contains(job.0.as_str()), "{stage}");
    }
    let run = ci_run().finished();
    let together = fs::read_to_string(run.stubs.project().join("target/tests.txt")).expect("one file");
    assert_eq!(together, "ok two\nok one\n");
}

#[test]
fn the_jobs_of_ci_run_every_stage_once() {
    let contributing = read("CONTRIBUTING.md");
    let (_, section) = contributing.split_once("\n## Stages of cargo xtask test\n").expect("the section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut stages: Vec<_> = rows.collect();
    let on_linux = STAGES[..STAGES.len() - 1].join(" ").replace("‹release build›", "release-build");
    let mut shared: Vec<_> =
        on_linux.split(' ').map(|stage| stage.replace("release-build", "release build")).collect();
    stages.sort_unstable();
    shared.sort_unstable();
    assert_eq!(shared, stages);
}

fn is_record(name: &serde_json::Value) -> bool {
    name.as_str().is_some_and(|name| name.starts_with("ran-"))
}

//! `cargo xtask test --quick`: what finds most mistakes in little time.

use super::{
    selection::{ON_A_QUEUE_SERVER, ON_POSTGRES, OTHER_MODES, SLOW},
    stages::{STAGES, Stage, cargo, leave_out, threads},
};

/// The stage that runs some of the tests.
pub(super) const TESTS: &str = "quick tests";

/// Programs of tests that end within seconds, and the scenarios.
pub(super) const PROGRAMS: [&str; 17] = [
    "app",
    "azure",
    "connections",
    "dependencies",
    "easyauth",
    "fidelity",
    "issuer",
    "program",
    "protocol",
    "reading",
    "replay",
    "repository",
    "rules",
    "suite",
    "traps",
    "workspace",
    "help",
];

/// What the tests of a quick run leave out, beside whole programs.
const LEFT_OUT: [&str; 3] = [
    "everything on PostgreSQL and on a queue server, and everything on the release build",
    "scenarios in forward and envelope mode, and those of faults and load",
    "programs that take long, such as `infrastructure`, `processes` and `func`",
];

/// The quick ones of all stages, then some of the tests.
pub(super) fn stages() -> Vec<Stage> {
    let mut stages: Vec<_> = STAGES.into_iter().filter(|stage| stage.quick).collect();
    stages.push(Stage {
        name: TESTS,
        does: "unit tests, and tests that need neither a server nor a release build",
        seconds: 120,
        quick: true,
        advice: "run one alone with `cargo test NAME -- --nocapture`",
        at_once: false,
        commands: |project| {
            let mut test =
                cargo(project, &["test", "--locked", "--workspace", "--no-fail-fast", "--lib", "--bins"]);
            test.args(PROGRAMS.iter().flat_map(|program| ["--test", program]));
            for variable in
                ["TEST_DATABASE", project::WORKER_UNDER_TEST_VARIABLE, project::APP_UNDER_TEST_VARIABLE]
            {
                test.env_remove(variable);
            }
            leave_out(&mut test, &[&ON_A_QUEUE_SERVER[..], &ON_POSTGRES, &OTHER_MODES, &SLOW].concat());
            threads(&mut test);
            Ok(vec![test])
        },
    });
    stages
}

/// What a quick run did not do, for its end.
pub(super) fn left_out() -> String {
    let mut lines = vec!["left out by --quick:".to_owned()];
    let stages = STAGES.iter().filter(|stage| !stage.quick && stage.name != "tests");
    lines.extend(stages.map(|stage| format!("  {:<14}  {}", stage.name, stage.summary())));
    lines.extend(LEFT_OUT.iter().map(|what| format!("  of the tests    {what}")));
    lines.push("`cargo xtask test` runs everything".to_owned());
    lines.join("\n")
}

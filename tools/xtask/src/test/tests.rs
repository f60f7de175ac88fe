//! What is left out, what is printed, and what a failing stage says.

use project::read;

use super::{
    quick::PROGRAMS,
    selection::{
        BEHIND_PGBOUNCER, IN_A_MINIMAL_ROOT, ON_A_QUEUE_SERVER, ON_POSTGRES, ON_POSTGRES_ANYWAY, OTHER_MODES,
        SLOW,
    },
    *,
};
use crate::mutants;

#[test]
fn the_summary_has_a_line_for_each_stage_that_ran() {
    let taken = [("format", Duration::from_millis(500), true), ("lints", Duration::from_secs(75), false)];
    assert_eq!(summary(&taken), "format            0.5 s  ok\nlints            75.0 s  FAILED");
}

#[test]
fn what_is_left_out_is_what_needs_the_missing_server_and_no_more() {
    let needs = |name: &str| {
        [&ON_A_QUEUE_SERVER[..], &ON_POSTGRES].map(|words| words.iter().any(|word| name.contains(word)))
    };
    let (queue_server, postgres, neither) = ([true, false], [false, true], [false, false]);
    for (name, expected) in [
        ("relay::an_acknowledged_message_is_not_sent_again::queue_server", queue_server),
        ("queue_server::an_order_whose_message_could_not_be_sent_is_fulfilled", queue_server),
        ("storage_functions::the_lease_is_renewed_for_as_long_as_the_function_runs", queue_server),
        ("queues::storage::tests::what_is_put_or_released_here_ends_the_pause", queue_server),
        ("store::postgres::tests::server::a_newer_schema_is_left_alone", postgres),
        ("migrate::postgres_before_its_first_migration_is_a_503", postgres),
        ("logins::postgres_superfluous_role_is_revoked", postgres),
        ("database_tls::an_unverified_server_is_rejected", postgres),
        ("clock::an_order_that_waited_for_a_backend_is_fulfilled_once_on_postgres", postgres),
        ("database_faults::locks::what_is_locked_holds_up_who_needs_it", postgres),
        ("a_statement_is_counted_by_its_sync_on_postgres", postgres),
        ("store::contract::keys::postgres_behind_pgbouncer::a_key_is_free_after_a_day", postgres),
        ("identity::tests::certificates::chain::a_servers_certificate_is_refused", neither),
        ("queues::storage::connection::tests::a_server_on_another_machine_is_refused", neither),
        ("config::tests::place::an_address_of_postgresql_that_cannot_be_read_is_refused", neither),
        ("doctor::database::an_unreachable_server_fails_without_its_password", neither),
        ("relay::an_acknowledged_message_is_not_sent_again::proxy", neither),
    ] {
        assert_eq!(needs(name), expected, "{name}");
    }
}

/// Whether a file other than those that select tests holds a line of this form.
fn is_in_code(form: &str) -> bool {
    let mut git = Command::new("git");
    git.args(["grep", "--quiet", "--extended-regexp", "--untracked", form, "--", "*.rs"]);
    git.args([":!tools/xtask/src/test", ":!tools/xtask/src/mutants.rs"]);
    git.current_dir(Project::here().root()).status().expect("git is there").success()
}

#[test]
fn every_word_that_selects_tests_is_in_a_name() {
    let words = [
        &[IN_A_MINIMAL_ROOT, BEHIND_PGBOUNCER, mutants::SKIPPED][..],
        &ON_A_QUEUE_SERVER,
        &ON_POSTGRES,
        &ON_POSTGRES_ANYWAY,
    ]
    .concat()
    .into_iter()
    .chain(mutants::TESTS)
    .chain([OTHER_MODES.as_slice(), &SLOW].concat());
    for word in words {
        let modules: Vec<_> = word.split("::").collect();
        let (name, modules) = modules.split_last().expect("it is not empty");
        for module in modules.iter().filter(|module| !module.is_empty()) {
            assert!(
                is_in_code(&format!("^ *(pub(\\([a-z]+\\))? )?mod {module}[; ]")),
                "{word}: no module {module}"
            );
        }
        assert!(name.is_empty() || is_in_code(&format!("(fn|mod) [a-z0-9_]*{name}")), "{word}: no test");
    }
}

#[test]
fn every_program_of_a_quick_run_exists() {
    let root = Project::here().root().to_owned();
    let members =
        ["crates", "tools", "examples"].map(|folder| root.join(folder).read_dir().expect("members"));
    let folders: Vec<_> =
        members.into_iter().flatten().map(|member| member.expect("a member").path()).collect();
    for program in PROGRAMS {
        let of = |folder: &std::path::Path| {
            let tests = folder.join("tests");
            tests.join(format!("{program}.rs")).is_file() || tests.join(program).join("main.rs").is_file()
        };
        assert!(of(&root) || folders.iter().any(|folder| of(folder)), "there is no program {program}");
    }
}

#[test]
fn a_stage_that_cannot_start_or_fails_says_what_to_do() {
    let failing = |commands| Stage { advice: "fix it", commands, ..STAGES[1] };
    let project = Project::here();
    let missing = failing(|_| Ok(vec![Command::new("no-such-program")])).run(&project).unwrap_err();
    assert_eq!(missing.to_string(), "cannot start no-such-program: install it");
    let failed = failing(|_| Ok(vec![Command::new("false")])).run(&project).unwrap_err();
    assert_eq!(failed.to_string(), "the stage `lints` failed: fix it");
}

#[test]
fn a_stage_whose_commands_run_at_once_fails_with_any_of_them() {
    let project = Project::here();
    let at_once = |commands| Stage { advice: "fix it", at_once: true, commands, ..STAGES[1] }.run(&project);
    at_once(|_| Ok(vec![Command::new("true"), Command::new("true")])).expect("both end well");
    let failed = at_once(|_| Ok(vec![Command::new("false"), Command::new("true")])).unwrap_err();
    assert_eq!(failed.to_string(), "the stage `lints` failed: fix it");
    let missing = at_once(|_| Ok(vec![Command::new("true"), Command::new("no-such-program")])).unwrap_err();
    assert_eq!(missing.to_string(), "cannot start no-such-program: install it");
}

#[test]
fn the_heading_says_how_long_the_stage_and_the_run_take() {
    let seconds = Duration::from_secs;
    let heading = heading(&STAGES[..4], 1, seconds(60), seconds(4), seconds(132));
    assert_eq!(heading, "== 2 of 4: lints (takes about 1 min 00 s; 4.0 s of about 2 min 16 s so far)");
}

#[test]
fn a_quick_run_lists_every_stage_that_it_leaves_out() {
    let quick = quick::stages();
    let said = quick::left_out();
    for stage in STAGES.iter().filter(|stage| stage.name != TESTS) {
        let runs = quick.iter().any(|one| one.name == stage.name);
        let listed = said.lines().any(|line| line.trim_start().starts_with(&format!("{} ", stage.name)));
        assert!(runs != listed, "{}: {said}", stage.name);
    }
    assert!(quick.iter().all(|stage| !["release build", "package", "console"].contains(&stage.name)));
}

#[test]
fn contributing_lists_the_stages_in_sequence() {
    let text = read(&Project::here().root().join("CONTRIBUTING.md")).expect("the document is there");
    let (_, section) = text.split_once("\n## Stages of cargo xtask test\n").expect("the section is there");
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> =
        STAGES.iter().map(|stage| format!("| `{}` | {} |", stage.name, stage.does)).collect();
    assert_eq!(rows, expected);
}

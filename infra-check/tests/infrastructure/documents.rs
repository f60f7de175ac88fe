//! What the documents name is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use infra_check::{assertions::table, queries::Reads};

use crate::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository's own with an ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && !["target", ".git", ".local", "node_modules"].contains(&name.as_str()) {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn rows() -> Vec<Vec<String>> {
    let text = read("docs/controls.md");
    let lines = text.lines().filter_map(|line| {
        let (anchor, row) = line.strip_prefix("| <a id=\"")?.split_once("\"></a>")?;
        assert!(row.starts_with(&anchor.to_uppercase()), "{line}");
        Some(row)
    });
    lines.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// Links as text and address.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once("](")).filter_map(|(text, rest)| {
        let (address, _) = rest.split_once(')')?;
        Some((text.trim_matches('`'), address))
    })
}

/// Whether Rust code defines an item of this name; a path's last part counts.
fn defines(code: &str, path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "mod"];
    code.lines().any(|line| {
        let mut words = line
            .split(|one: char| !one.is_alphanumeric() && one != '_')
            .skip_while(|word| !kinds.contains(word));
        words.next().is_some() && words.find(|word| !kinds.contains(word)) == Some(name)
    })
}

#[test]
fn every_control_has_its_row_and_something_that_shows_it() {
    let rows = rows();
    let numbers: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    let all: Vec<String> = (1..=57).map(|number| format!("C{number:02}")).collect();
    assert_eq!(numbers, all);
    for row in &rows {
        let [number, _, place, assertions, tests] = row.as_slice() else { panic!("{row:?}") };
        assert!(!place.is_empty(), "{number} is nowhere");
        assert!(quoted(assertions).chain(quoted(tests)).next().is_some(), "nothing shows {number}");
    }
}

#[test]
fn every_row_leads_to_what_it_names() {
    let known: BTreeSet<_> = table().iter().map(|line| line.id).collect();
    let mut named = BTreeSet::new();
    for row in rows() {
        let [number, _, place, assertions, tests] = row.as_slice() else { panic!("{row:?}") };
        for (symbol, link) in links(place) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let text = fs::read_to_string(root().join("docs").join(file));
            let text = text.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            let has =
                |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == heading;
            assert!(
                heading.is_empty() || text.lines().any(|line| line.starts_with('#') && has(line)),
                "{link}"
            );
            let is_rust = Path::new(file).extension().is_some_and(|is| is == "rs");
            assert!(!is_rust || defines(&text, symbol), "{number}: there is no `{symbol}` in {file}");
        }
        for id in quoted(assertions) {
            assert!(known.contains(id) && id.starts_with(number.as_str()), "{number}: {id}");
            named.insert(id.to_owned());
        }
        let is_test = |word: &&str| {
            word.contains('_')
                && word.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
        };
        for test in quoted(tests).filter(is_test) {
            let linked = links(tests).find(|(name, _)| *name == test);
            let (_, file) = linked.unwrap_or_else(|| panic!("{number}: `{test}` is no link"));
            // That it also runs and passes is what `cargo xtask test` looks at.
            let text = read(&format!("docs/{file}"));
            assert!(text.contains(&format!("fn {test}(")), "{number}: there is no test `{test}` in {file}");
        }
    }
    let unnamed: Vec<_> = known.iter().filter(|id| !named.contains(**id)).collect();
    assert!(unnamed.is_empty(), "docs/controls.md does not name {unnamed:?}");
}

#[test]
fn every_recommendation_leads_to_controls_and_every_control_to_a_recommendation() {
    let text = read("docs/seeds.md");
    let rows: Vec<_> =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Recommendation")).collect();
    assert!(rows.len() >= 40, "{}", rows.len());
    let mut referred = BTreeSet::new();
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        let controls: Vec<_> = links(last).collect();
        assert!(!controls.is_empty() || last.starts_with("Not a control"), "{row}");
        for (control, link) in controls {
            assert_eq!(link, format!("controls.md#{}", control.to_lowercase()));
            referred.insert(control.to_owned());
        }
    }
    let all: BTreeSet<String> = (1..=57).map(|number| format!("C{number:02}")).collect();
    let missing: Vec<_> = all.difference(&referred).collect();
    assert!(missing.is_empty(), "no recommendation leads to {missing:?}");
}

#[test]
fn workflows_sign_in_without_a_password_and_pin_every_action() {
    let mut workflows = Vec::new();
    files(&root().join(".github/workflows"), "yml", &mut workflows);
    assert_eq!(workflows.len(), 4);
    for path in workflows {
        let text = fs::read_to_string(&path).expect("UTF-8");
        let name = path.display();
        assert!(text.contains("\npermissions: {}\n"), "{name} has rights that no job asked for");
        for word in ["publish-profile", "{{ secrets.", "AZURE_CREDENTIALS", "creds:", "client-secret"] {
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("- name:"));
            assert!(!lines.into_iter().any(|line| line.contains(word)), "{name}: {word}");
        }
        for action in text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action)) {
            let hash = action.split_once('@').and_then(|(_, at)| at.split(' ').next()).unwrap_or_default();
            assert!(
                hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{name}: {action}"
            );
        }
        if text.contains("azure/login@") {
            assert!(
                text.contains("id-token: write") && text.contains("environment: ${{ inputs.environment }}"),
                "{name}"
            );
            let (verify, migrate) = (text.find("gh attestation verify"), text.find("orders-worker migrate"));
            for publish in [text.find("functions-action@"), text.find("az storage blob upload")] {
                assert!(verify < migrate && migrate < publish && verify.is_some(), "{name}: out of sequence");
            }
        }
    }
}

#[test]
fn every_query_reads_events_and_fields_that_the_worker_writes() {
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
        let reads = Reads::of(&text);
        for field in &reads.fields {
            assert!(events.contains(&format!("`{field}`")), "{name}: nobody logs `{field}`");
        }
        for event in &reads.events {
            assert!(events.contains(&format!("| `{event}` |")), "{name}: nobody logs `{event}`");
        }
    }
}

#[test]
fn a_query_that_counts_denials_counts_those_that_have_no_line_of_their_own() {
    for name in ["refused-callers", "one-caller-many-refusals"] {
        let text = read(&format!("infra/queries/{name}.kql"));
        let reads = Reads::of(&text);
        assert!(reads.events.contains("denied-more") && reads.fields.contains("count"), "{name}");
        assert!(!text.contains("count()"), "{name}: a line that counts many is counted as one");
    }
}

#[test]
fn what_callers_meet_is_read_off_the_gateway_as_well_as_the_worker() {
    for name in ["refused-callers", "server-errors"] {
        let text = read(&format!("infra/queries/{name}.kql"));
        for table in ["ApiManagementGatewayLogs", "AppTraces"] {
            assert!(text.contains(table), "{name} does not look into {table}");
        }
    }
}

#[test]
fn the_look_after_a_deployment_is_at_both_apps_and_for_what_was_deployed() {
    let operate = read("docs/operate.md");
    let (_, after) = operate.split_once("`cargo xtask infra verify`").expect("the step is there");
    let (_, script) = after.split_once("```sh").expect("with a script");
    let (script, _) = script.split_once("```").expect("that ends");
    for word in ["API_APP_NAME", "PROCESSOR_APP_NAME", "--plan ", "--network "] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn each_plan_is_published_and_returned_in_its_own_way() {
    let workflow = read(".github/workflows/deploy.yml");
    let steps: Vec<_> = workflow.split("      - name: ").skip(1).collect();
    let publishing =
        |mark: &str| steps.iter().filter(|step| step.contains(mark)).copied().collect::<Vec<_>>();
    let (flex, dedicated) = (publishing("functions-action@"), publishing("az storage blob upload"));
    for (ways, condition) in [(&flex, "vars.PLAN != 'dedicated'"), (&dedicated, "vars.PLAN == 'dedicated'")] {
        let (forth, back): (Vec<&str>, Vec<&str>) = ways.iter().partition(|step| step.contains(" new/"));
        assert!(!forth.is_empty() && forth.iter().all(|step| step.contains(condition)), "{condition}");
        assert_eq!(back.len(), forth.len(), "{condition}: what is published can be returned");
        assert!(back.iter().all(|step| step.contains("if: failure() && steps.") && step.contains(" old/")));
    }
    for step in dedicated {
        let (upload, restart) = (step.find("--auth-mode login"), step.find("az functionapp restart"));
        assert!(upload.is_some() && upload < restart, "{step}");
    }
}

#[test]
fn nothing_is_released_that_did_not_pass_on_main() {
    let release = read(".github/workflows/release.yml");
    let (before, _) = release.split_once("cargo xtask package").expect("packages are made");
    for word in [
        "ci.yml security.yml",
        "head_sha=\"$COMMIT\"",
        "branch=main",
        "event=push",
        "status=success",
        "exit 1",
    ] {
        assert!(before.contains(word), "{word}");
    }
    for name in ["ci.yml", "security.yml"] {
        assert!(read(&format!(".github/workflows/{name}")).contains("branches: [main]"), "{name}");
    }
}

#[test]
fn the_runner_gets_every_program_that_deployments_and_scripts_call() {
    let runner = read("infra/scripts/runner.sh");
    let (_, programs) = runner.split_once("for program in ").expect("it looks whether each is there");
    let programs: Vec<_> = programs.split(';').next().unwrap_or_default().split(' ').collect();
    let callers = [
        ".github/workflows/deploy.yml",
        "infra/scripts/function-key.sh",
        "infra/scripts/logins.sh",
        "docs/operate.md",
    ]
    .map(read)
    .concat();
    for program in ["az", "azd", "curl", "gh", "psql", "unzip"] {
        assert!(callers.contains(&format!("{program} ")), "{program} is called by nobody");
        assert!(programs.contains(&program), "{program} is not installed");
    }
}

//! How releases are made and deployed, and by which programs.

use std::fs;

use crate::{files, read, root};

#[test]
fn workflows_use_federation_and_pinned_actions() {
    let mut workflows = Vec::new();
    files(&root().join(".github/workflows"), "yml", &mut workflows);
    assert_eq!(workflows.len(), 6);
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
            assert!(verify.is_some() && verify < migrate, "{name}: out of sequence");
            let publishes = [text.find("functions-action@"), text.find("infra/scripts/publish.sh")];
            for publish in publishes.into_iter().flatten() {
                assert!(migrate.is_some_and(|migrate| migrate < publish), "{name}: out of sequence");
            }
            // Who has no role in Azure, or one at a secret alone, sees no subscription, and choosing one would fail.
            let logins = text.split("uses: azure/login@").skip(1);
            for login in logins
                .filter_map(|login| login.split("- name:").next())
                .filter(|login| login.contains("MIGRATE_CLIENT_ID") || login.contains("SMOKE_CLIENT_ID"))
            {
                assert!(login.contains("allow-no-subscriptions: true"), "{name}");
                assert!(!login.contains("subscription-id:"), "{name}");
            }
        }
    }
}

#[test]
fn each_plan_has_its_own_deploy_and_rollback() {
    let workflow = read(".github/workflows/deploy.yml");
    let steps: Vec<_> = workflow.split("      - name: ").skip(1).collect();
    let publishing =
        |mark: &str| steps.iter().filter(|step| step.contains(mark)).copied().collect::<Vec<_>>();
    let (flex, dedicated) = (publishing("functions-action@"), publishing("infra/scripts/publish.sh"));
    for (ways, condition) in [(&flex, "vars.PLAN != 'dedicated'"), (&dedicated, "vars.PLAN == 'dedicated'")] {
        let (forth, back): (Vec<&str>, Vec<&str>) = ways.iter().partition(|step| step.contains(" new/"));
        assert!(!forth.is_empty() && forth.iter().all(|step| step.contains(condition)), "{condition}");
        assert_eq!(back.len(), forth.len(), "{condition}: what is published can be returned");
        assert!(back.iter().all(|step| step.contains("if: failure() && steps.") && step.contains(" old/")));
    }
}

#[test]
fn releases_require_a_passed_commit_on_main() {
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
fn the_runner_installs_every_required_program() {
    let runner = read("infra/scripts/runner.sh");
    let (_, programs) = runner.split_once("programs=(").expect("it looks whether each is there");
    let programs: Vec<_> = programs.split(')').next().unwrap_or_default().split(' ').collect();
    let callers = [
        ".github/workflows/bootstrap.yml",
        ".github/workflows/deploy.yml",
        "infra/scripts/host-key.sh",
        "docs/operate.md",
    ]
    .map(read)
    .concat();
    for program in ["az", "curl", "gh", "unzip"] {
        assert!(callers.contains(&format!("{program} ")), "{program} is called nowhere");
        assert!(programs.contains(&program), "{program} is not installed");
    }
}

#[test]
fn both_apps_are_verified_after_a_deployment() {
    let operate = read("docs/operate.md");
    let (_, after) = operate.split_once("`cargo xtask infra verify`").expect("the step is there");
    let (_, script) = after.split_once("```console").expect("with a script");
    let (script, _) = script.split_once("```").expect("that ends");
    for word in ["API_APP_NAME", "PROCESSOR_APP_NAME", "--plan ", "--network "] {
        assert!(script.contains(word), "{word}");
    }
}

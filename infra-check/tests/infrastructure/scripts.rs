//! The scripts of infra/scripts, run against stand-ins of the programs that they call, argument by argument.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output},
};

use crate::root;

/// A folder with programs that write down how they were called and answer what they are told.
struct StandIns {
    folder: PathBuf,
}

impl StandIns {
    /// Each program answers by the first of its cases whose words stand in the arguments.
    fn new(name: &str, programs: &[(&str, &[(&str, &str)])]) -> Self {
        let folder = root().join(format!("target/tmp/scripts-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (program, cases) in programs {
            let cases = cases.iter().fold(String::new(), |text, (words, answer)| {
                text + &format!("*\"{words}\"*) printf '%s\\n' '{answer}' ;;\n")
            });
            let text = format!(
                "#!/bin/sh\necho \"{program} $*\" >> \"{0}/called\"\ncase \"$*\" in\n{cases}*) ;;\nesac\n",
                folder.display()
            );
            let file = folder.join(program);
            fs::write(&file, text).expect("the program can be written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        Self { folder }
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", self.folder.display(), env::var("PATH").expect("a PATH"));
        let mut command = Command::new("sh");
        command.arg(root().join("infra/scripts").join(script)).args(arguments).env("PATH", path);
        command.output().expect("sh runs")
    }

    fn called(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("called")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn providers_are_registered_before_the_first_provision() {
    let stand_ins = StandIns::new("providers", &[("az", &[("feature show", "Registered")])]);
    let script = "register-providers.sh";
    let planned = said(&stand_ins.run(script, &["--dry-run", "SUBSCRIPTION"]));
    assert_eq!(stand_ins.called(), Vec::<String>::new(), "a dry run changes nothing");
    said(&stand_ins.run(script, &["SUBSCRIPTION"]));
    let called = stand_ins.called();
    let changes: Vec<_> = called.iter().filter(|line| line.contains(" register ")).collect();
    assert_eq!(
        changes,
        [
            "az provider register --subscription SUBSCRIPTION --namespace Microsoft.App --wait",
            "az feature register --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --output none",
            "az provider register --subscription SUBSCRIPTION --namespace Microsoft.Compute --wait",
        ]
    );
    assert_eq!(planned.lines().collect::<Vec<_>>(), changes, "a dry run says what would be changed");
}

#[test]
fn repository_variables_come_from_what_the_provision_said() {
    // As Azure says it, capitals included.
    let outputs = concat!(
        "{\n  \"apI_CLIENT_ID\": {\n    \"type\": \"String\",\n    \"value\": \"c\"\n  },\n",
        "  \"gatewaY_URL\": {\n    \"type\": \"String\",\n    \"value\": \"https://api.example.com\"\n  }\n}"
    );
    let stand_ins = StandIns::new("variables", &[("az", &[("deployment sub list", outputs)]), ("gh", &[])]);
    let script = "variables.sh";
    let arguments = ["test", "example/orders-worker", "inside", "SMOKE"];
    said(&stand_ins.run(script, &arguments));
    let called = stand_ins.called();
    let set: Vec<_> = called.iter().filter_map(|line| line.strip_prefix("gh variable set ")).collect();
    let there = "--repo example/orders-worker --env test --body";
    assert_eq!(
        set,
        [
            format!("API_CLIENT_ID {there} c"),
            format!("GATEWAY_URL {there} https://api.example.com"),
            format!("RUNNER {there} inside"),
            format!("SMOKE_CLIENT_ID {there} SMOKE"),
        ]
    );
    let main = fs::read_to_string(root().join("infra/main.bicep")).expect("the main file");
    let workflows = ["bootstrap", "deploy"].map(|name| {
        fs::read_to_string(root().join(format!(".github/workflows/{name}.yml"))).expect("the workflow")
    });
    for used in workflows.iter().flat_map(|text| text.split("vars.").skip(1)) {
        let end = used.find(|one: char| !one.is_ascii_uppercase() && one != '_').unwrap_or(used.len());
        let used = used.get(..end).unwrap_or_default();
        let is_said = main.contains(&format!("\noutput {used} string = "));
        let is_set = is_said || ["RUNNER", "SMOKE_CLIENT_ID"].contains(&used);
        assert!(is_set, "no script sets the variable {used}");
    }
}

#[test]
fn a_function_key_is_in_no_argument() {
    let stand_ins = StandIns::new("key", &[("az", &[("functionapp show", "/ID")])]);
    let script = "function-key.sh";
    said(&stand_ins.run(script, &["GROUP", "APP", "VAULT", "gateway-a"]));
    said(&stand_ins.run(script, &["--remove", "GROUP", "APP", "gateway-b"]));
    let called = stand_ins.called();
    let [show, put, set, remove] = called.as_slice() else { panic!("{called:?}") };
    assert_eq!(show, "az functionapp show --name APP --resource-group GROUP --query id --output tsv");
    assert!(put.contains("--url /ID/host/default/functionkeys/gateway-a?api-version="), "{put}");
    assert!(put.contains("--body @/"), "{put}");
    assert!(
        set.starts_with("az keyvault secret set --vault-name VAULT --name function-key --file /"),
        "{set}"
    );
    assert!(
        remove.ends_with("--resource-group GROUP --name APP --key-type functionKeys --key-name gateway-b")
    );
    let missing = stand_ins.run(script, &["GROUP", "APP"]);
    assert!(!missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("give the vault"));
}

//! `azd up` and `azd down`: every hook of azure.yaml, run by a stub of azd in azd's sequence.
//!
//! Which hooks there are, when they run and what they get is azd's documentation:
//! <https://learn.microsoft.com/azure/developer/azure-developer-cli/azd-extensibility>.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Output,
};

use infra_check::parameters;
use serde::Deserialize;

use crate::{
    files, read, root,
    stubs::{Call, Stubs, change, complained, read as reads, said},
};

mod production;
mod small;

/// What azd runs before and after each of its commands.
const OF_COMMANDS: [&str; 7] = ["restore", "provision", "package", "deploy", "publish", "up", "down"];
/// The hooks that azd runs before and after its steps for each service.
const OF_SERVICES: [&str; 5] = ["restore", "build", "package", "deploy", "publish"];

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    hooks: BTreeMap<String, Hook>,
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    dist: String,
    #[serde(default)]
    hooks: BTreeMap<String, Hook>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hook {
    shell: String,
    run: String,
    /// Whether azd connects the hook to the terminal; the output of other hooks is not shown while they run.
    interactive: bool,
}

/// What the provision of a size says, by the names of infra/main.bicep.
fn outputs(size: &str) -> Vec<(&'static str, String)> {
    let both = [
        ("SIZE", size),
        ("SUBSCRIPTION_ID", "SUBSCRIPTION"),
        ("RESOURCE_GROUP", "rg-test"),
        ("API_CLIENT_ID", "CLIENT"),
        ("API_APP_NAME", "func-api"),
        ("API_URL", "https://func-api.example"),
        ("DATABASE_HOST", "psql-x.postgres.database.azure.com"),
        ("API_IDENTITY", "id-api"),
        ("API_IDENTITY_OBJECT_ID", "1"),
        ("PROCESSOR_IDENTITY", "id-processor"),
        ("PROCESSOR_IDENTITY_OBJECT_ID", "2"),
    ];
    let of_production =
        [("GATEWAY_NAME", "apim-x"), ("GATEWAY_VAULT_NAME", "kv-gate"), ("RUNNER_MACHINE", "vm-runner-x")];
    let of_size = of_production.map(|(name, value)| (name, if size == "production" { value } else { "" }));
    both.into_iter().chain(of_size).map(|(name, value)| (name, value.to_owned())).collect()
}

/// Parameters that azd asks for before the first hook: those without a value here and without a default there.
/// <https://github.com/Azure/azure-dev/issues/5806>
fn asked_for(environment: &BTreeMap<String, String>) -> Vec<String> {
    let text = read("infra/main.parameters.json");
    let filled = parameters::expand_variables(&text, |name| environment.get(name).cloned());
    let given: serde_json::Value = serde_json::from_str(&filled).expect("the parameters are JSON");
    let main = read("infra/main.bicep");
    let without_default = main.lines().filter_map(|line| line.strip_prefix("param "));
    let names =
        without_default.filter(|line| !line.contains(" = ")).filter_map(|line| line.split(' ').next());
    let empty = |name: &&str| given["parameters"][*name]["value"].as_str().is_none_or(str::is_empty);
    names.filter(empty).map(str::to_owned).collect()
}

/// A stub of azd with one environment.
struct Azd {
    project: Project,
    stubs: Stubs,
    environment: BTreeMap<String, String>,
    size: &'static str,
    run: BTreeSet<String>,
}

impl Azd {
    fn new(size: &'static str, calls: &[Call], given: &[(&str, &str)]) -> Self {
        let project: Project = serde_saphyr::from_str(&read("azure.yaml")).expect("azure.yaml is read");
        let known = |hooks: &BTreeMap<String, Hook>, events: &[&str]| {
            for name in hooks.keys() {
                let event = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"));
                assert!(event.is_some_and(|event| events.contains(&event)), "azd has no hook {name}");
            }
        };
        known(&project.hooks, &OF_COMMANDS);
        project.services.values().for_each(|service| known(&service.hooks, &OF_SERVICES));
        let stubs = Stubs::new(calls);
        // What a hook sets is there for the next one.
        stubs.replace_program(
            "azd",
            "#!/bin/bash\n[[ \"$1 $2\" == 'env set' && $# == 4 ]] || { echo \"no call like this is known: azd $*\" >&2; exit 64; }\n\
             echo \"$3=$4\" >> \"$HOME/azd.env\"\n",
        );
        let mut environment = BTreeMap::from([
            ("AZURE_ENV_NAME".to_owned(), "test".to_owned()),
            ("AZURE_LOCATION".to_owned(), "westeurope".to_owned()),
            ("AZURE_SUBSCRIPTION_ID".to_owned(), "SUBSCRIPTION".to_owned()),
            ("DEPLOY_SIZE".to_owned(), size.to_owned()),
        ]);
        environment.extend(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { project, stubs, environment, size, run: BTreeSet::new() }
    }

    /// Runs a hook in the project's folder, a file as a program and anything else as a script of sh.
    fn hook(&mut self, name: &str, hook: Option<Hook>) -> Result<String, Output> {
        let Some(hook) = hook else { return Ok(String::new()) };
        assert!(hook.shell == "sh" && hook.interactive, "{name}");
        let file = self.stubs.project().join(&hook.run);
        let mut command = if file.is_file() {
            self.stubs.command(&hook.run)
        } else {
            let mut command = self.stubs.command("sh");
            command.args(["-c", &hook.run]);
            command
        };
        self.run.extend(hook.run.split(' ').next().map(str::to_owned));
        let output = command.envs(&self.environment).output().expect("the hook can be started");
        let home = self.stubs.project().join("../azd.env");
        for line in fs::read_to_string(home).unwrap_or_default().lines() {
            let (name, value) = line.split_once('=').expect("a name and a value");
            self.environment.insert(name.to_owned(), value.to_owned());
        }
        if output.status.success() { Ok(said(&output)) } else { Err(output) }
    }

    fn around(&mut self, command: &str, act: fn(&mut Self) -> Result<(), Output>) -> Result<String, Output> {
        let hook = |azd: &Self, when: &str| azd.project.hooks.get(&format!("{when}{command}")).cloned();
        let before = hook(self, "pre");
        let mut said = self.hook(command, before)?;
        act(self)?;
        let after = hook(self, "post");
        said += &self.hook(command, after)?;
        Ok(said)
    }

    /// Packages each service once, in the sequence of their names.
    fn package(&mut self) -> Result<(), Output> {
        let services: Vec<_> = self
            .project
            .services
            .values()
            .map(|service| (service.dist.clone(), service.hooks.get("prepackage").cloned()))
            .collect();
        for (dist, before) in services {
            self.hook("prepackage", before)?;
            assert!(self.stubs.project().join(&dist).is_file(), "{dist} is not there to be published");
        }
        Ok(())
    }

    fn provision(&mut self) {
        self.environment.extend(outputs(self.size).into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// Publishes each package, and deletes it.
    fn publish(&self) {
        for service in self.project.services.values() {
            fs::remove_file(self.stubs.project().join(&service.dist)).expect("it is there");
        }
    }

    fn up(&mut self) -> Result<String, Output> {
        assert_eq!(asked_for(&self.environment), Vec::<String>::new(), "there is no answer to that yet");
        let packaged = self.around("package", Self::package)?;
        let provisioned = self.around("provision", |azd| {
            azd.provision();
            Ok(())
        })?;
        Ok(packaged
            + &provisioned
            + &self.around("deploy", |azd| {
                azd.publish();
                Ok(())
            })?)
    }

    fn down(&mut self) -> Result<String, Output> {
        self.around("down", |_| Ok(()))
    }
}

#[test]
fn azd_asks_only_for_a_name_and_a_region() {
    assert_eq!(asked_for(&BTreeMap::new()), ["environmentName", "location"]);
}

#[test]
fn azd_runs_every_hook() {
    let mut run = BTreeSet::new();
    let mut small = small::up();
    small.up().expect("it goes well");
    small.down().expect("it goes well");
    run.append(&mut small.run);
    let mut there = Vec::new();
    files(&root().join("infra/scripts/hooks"), "sh", &mut there);
    let there: BTreeSet<_> = there
        .iter()
        .filter_map(|file| Some(format!("infra/scripts/hooks/{}", file.file_name()?.to_str()?)))
        .collect();
    assert_eq!(run, there);
}

#[test]
fn a_dry_run_of_a_hook_changes_nothing() {
    let calls = [small::calls(), vec![small::down()], production::calls()].concat();
    let read: BTreeSet<_> = calls.iter().filter(|call| call.reads).map(|call| call.line.clone()).collect();
    for size in ["small", "production"] {
        for (name, hook) in Azd::new(size, &[], &[]).project.hooks {
            let given = [
                ("DEPLOY_API_CLIENT_ID", "CLIENT"),
                ("DEPLOY_PRINCIPAL_NAME", "ada@example.com"),
                ("DEPLOY_SMOKE_CLIENT_ID", "SMOKE"),
            ];
            let mut azd = Azd::new(size, &calls, &given);
            azd.provision();
            let before = azd.environment.clone();
            let dry_run = Hook { run: format!("{} --dry-run", hook.run), ..hook };
            // Some hooks refuse a size, which is tried beside this.
            let _ = azd.hook(&name, Some(dry_run));
            for line in azd.stubs.called() {
                assert!(read.contains(&line), "{name} changes something in a dry run: {line}");
            }
            assert_eq!(azd.environment, before, "{name}");
        }
    }
}

#[test]
fn hooks_use_only_known_variables() {
    let main = read("infra/main.bicep");
    let given: BTreeSet<_> = outputs("small").into_iter().map(|(name, _)| name).collect();
    for name in &given {
        assert!(main.contains(&format!("\noutput {name} string = ")), "infra/main.bicep says no {name}");
    }
    let mut hooks = Vec::new();
    files(&root().join("infra/scripts/hooks"), "sh", &mut hooks);
    for hook in hooks {
        let text = fs::read_to_string(&hook).expect("UTF-8");
        for used in text.split(['$', '{']).skip(1) {
            let end = used.find(|one: char| !one.is_ascii_uppercase() && one != '_').unwrap_or(used.len());
            let used = &used[..end];
            let known = given.contains(used) || used.starts_with("DEPLOY_") || used.starts_with("AZURE_");
            assert!(used.len() < 3 || known, "{}: nothing gives {used}", hook.display());
        }
    }
}

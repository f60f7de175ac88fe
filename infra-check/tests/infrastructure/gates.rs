//! What a compiler would say first.

use std::fs;

use infra_check::{
    bicep::{Sources, parse},
    schema::Schema,
    worlds,
};

use crate::{root, sources};

#[test]
fn every_choice_of_parameters_deploys_without_a_fault() {
    let sources = sources();
    for world in worlds::all() {
        let deployment = world.deploy(&sources);
        assert_eq!(deployment.faults, Vec::<String>::new(), "{world:?}");
        assert!(deployment.resources.len() > 100, "{world:?}: {}", deployment.resources.len());
    }
}

fn schema() -> Schema {
    let read =
        |name| fs::read_to_string(root().join("infra/schema").join(name)).expect("the schema is there");
    let (published, by_hand) = (read("types.json"), read("by-hand.json"));
    Schema::read(&[&published, &by_hand]).expect("the schema is in its form")
}

fn faults(sources: &Sources) -> Vec<String> {
    let schema = schema();
    let mut faults: Vec<String> = Vec::new();
    for world in worlds::all() {
        let deployment = world.deploy(sources);
        faults.extend(deployment.resources.iter().flat_map(|resource| schema.faults(resource)));
    }
    faults.sort();
    faults.dedup();
    faults
}

#[test]
fn every_property_is_one_that_azure_publishes() {
    assert_eq!(faults(&sources()), Vec::<String>::new());
}

#[test]
fn a_misspelt_property_a_wrong_word_and_a_missing_one_are_found() {
    let file = "infra/modules/function-app.bicep";
    let changes = [
        ("ftpsState: 'Disabled'", "ftpState: 'Disabled'", "`properties.siteConfig.ftpState` is not known"),
        ("httpsOnly: true", "httpsOnly: 'yes'", "`properties.httpsOnly` is 'yes', not bool"),
        (
            "minTlsVersion: '1.3'\n",
            "minTlsVersion: '1.9'\n",
            "`properties.siteConfig.minTlsVersion` is '1.9'",
        ),
        ("    reserved: true", "    reserved: [true]", "`properties.reserved` is [\ntrue\n], not bool"),
    ];
    for (old, new, want) in changes {
        let mut sources = sources();
        let text = sources.text(file).expect("the file is there");
        assert!(text.contains(old), "{old}");
        let text = text.replacen(old, new, 1);
        sources.set(file, text).expect("still Bicep");
        let faults = faults(&sources);
        assert!(faults.iter().any(|fault| fault.contains(want)), "{want}: {faults:?}");
    }
}

#[test]
fn a_type_that_nobody_published_is_a_fault() {
    let mut sources = sources();
    let more = "resource stray 'Microsoft.Stray/things@2026-01-01' = {\n  name: 'stray'\n}\n";
    let text = format!("{}\n{more}", sources.text("infra/modules/apps.bicep").expect("the file is there"));
    sources.set("infra/modules/apps.bicep", text).expect("Bicep");
    assert!(
        faults(&sources)
            .iter()
            .any(|fault| fault.starts_with("Microsoft.Stray/things@2026-01-01 has no schema"))
    );
}

#[test]
fn a_file_that_is_no_bicep_is_refused_with_its_line() {
    for broken in
        ["param a string =\n", "resource a 'B@1' = {\n  name: 'x\n}\n", "var a = {\n  b: 1\n", "nonsense\n"]
    {
        let refused = parse(broken).expect_err(broken);
        assert!(refused.line <= 3, "{refused}");
    }
}

#[test]
fn names_and_arguments_that_do_not_meet_are_faults() {
    let changes = [
        ("infra/modules/apps.bicep", "plan: plan\n", "plann: plan\n", "there is no parameter `plann`"),
        ("infra/modules/apps.bicep", "    plan: plan\n", "", "`plan` is not given"),
        ("infra/main.bicep", "storage.outputs.names", "storage.outputs.nams", "has no output `nams`"),
        ("infra/modules/rbac.bicep", "scope: apiAccount", "scope: apiAcount", "there is no `apiAcount`"),
        ("infra/main.bicep", "budget: budget", "budget: 'much'", "`budget` is no int"),
    ];
    for (file, old, new, want) in changes {
        let mut sources = sources();
        let text = sources.text(file).expect("the file is there").replacen(old, new, 1);
        sources.set(file, text).expect("still Bicep");
        let faults = worlds::all().first().expect("a world").deploy(&sources).faults;
        assert!(faults.iter().any(|fault| fault.contains(want)), "{want}: {faults:?}");
    }
}

//! The committed snapshots are what the official compiler says of these files, and nothing in them stays open.

use std::{env, fs, path::PathBuf};

use infra_check::{
    compiler::{BicepCompiler, Session, SessionError},
    inputs, snapshot,
    value::Value,
    variants,
};

use crate::{deployments, read, root};

fn target() -> PathBuf {
    let program = env::current_exe().expect("this program");
    program.ancestors().nth(3).expect("a folder of cargo's").to_owned()
}

/// The compiler; none on a laptop without it. Where `CI` is set, nothing is left out.
pub(crate) fn compiler() -> Option<BicepCompiler> {
    let compiler = BicepCompiler::find(&target()).unwrap_or_else(|error| panic!("{error}"));
    if compiler.is_none() {
        assert!(env::var_os("CI").is_none(), "install the compiler of Bicep, or name it in BICEP");
        println!("NOT TESTED: there is no compiler of Bicep");
    }
    compiler
}

#[test]
fn every_snapshot_is_current() {
    let changed = inputs::changed_files(&root()).expect("the files can be read");
    assert!(changed.is_empty(), "changed since the snapshots: {changed:?}; run `cargo xtask infra snapshot`");
}

#[test]
fn snapshots_have_no_unresolved_expressions() {
    for (variant, deployment) in deployments() {
        assert_eq!(deployment.unknown_values(), Vec::<String>::new(), "{}", variant.name);
        assert!(deployment.resources.len() > 60, "{}: {}", variant.name, deployment.resources.len());
        let others = deployment.resources.iter().filter(|one| {
            let (kind, name) =
                infra_check::deployment::ResourceId::parse(&one.id).kind_and_name().expect("an id");
            kind != one.kind || name != one.name
        });
        let others: Vec<_> = others.map(|one| &one.id).collect();
        assert!(others.is_empty(), "{}: ids of other types or names: {others:?}", variant.name);
    }
}

#[test]
fn the_compiler_reproduces_every_snapshot() {
    let Some(compiler) = compiler() else { return };
    let mut session = compiler.session().expect("it starts");
    for variant in variants::all_variants() {
        let now = session.snapshot(&root().join(variant.parameters_path()));
        let now = now.unwrap_or_else(|error| panic!("{}: {error}", variant.name));
        assert!(now == read(&variant.snapshot_path()), "{}: run `cargo xtask infra snapshot`", variant.name);
    }
}

#[test]
fn invalid_deployments_are_rejected_with_a_message() {
    let Some(compiler) = compiler() else { return };
    let refused = [
        (
            "dedicated-service-plain",
            "'dedicated'",
            "'flex'",
            "a subnet of Flex Consumption may carry no service endpoints",
        ),
        ("dedicated-direct", "'dedicated'", "'flex'", "directCallers needs plan = dedicated"),
        (
            "dedicated-direct",
            "param settled",
            "param gatewayHostName = 'api.example.com'\nparam settled",
            "directCallers needs plan = dedicated",
        ),
        (
            "flex-private-plain",
            "'https://fulfilment",
            "'http://fulfilment",
            "fulfilmentUrl has to begin with https://",
        ),
        (
            "flex-private-plain",
            "users: ['22222222-2222-4222-8222-222222222222']",
            "users: []",
            "size = production needs allowedClients.users",
        ),
        ("flex-private-plain", "apps: [", "programs: [", "BCP035"),
        (
            "flex-private-plain",
            "[{ from: '192.0.2.1', to: '192.0.2.9', cidr: '192.0.2.0/28' }]",
            "[]",
            "size = production needs allowedCallers",
        ),
        ("flex-private-plain", "'198.51.100.7/32'", "''", "size = production needs fulfilmentAddressPrefix"),
        ("flex-front", "'api.example.com'", "''", "size = production needs gatewayHostName"),
        ("flex-private-full", "'ssh-ed25519 AAAA'", "''", "size = production needs runnerSshKey"),
        ("flex-small", "'someone@example.com'", "''", "size = small needs deployerName"),
        ("flex-small", "'11111111-1111-4111-8111-111111111111'", "''", "size = small needs apiClientId"),
        (
            "flex-private-plain",
            "param apiClientId = '11111111-1111-4111-8111-111111111111'",
            "param apiClientId = 'orders'",
            "size = production needs apiClientId",
        ),
        (
            "flex-small",
            "param deployerAddress",
            "param front = true\nparam deployerAddress",
            "size = small has no front",
        ),
        (
            "flex-small",
            "param deployerAddress",
            "param plan = 'dedicated'\nparam deployerAddress",
            "size = small has no plan = dedicated: choose size = production",
        ),
        ("flex-small", "'small'", "'tiny'", "BCP033"),
    ];
    let mut session = compiler.session().expect("it starts");
    for (place, (name, old, new, want)) in refused.into_iter().enumerate() {
        let variant =
            variants::all_variants().into_iter().find(|variant| variant.name == name).expect("a variant");
        let text = read(&variant.parameters_path());
        assert!(text.contains(old), "{name}: {old}");
        let said = refusal(&mut session, &format!("refused-{place}"), &text.replace(old, new));
        assert!(said.contains(want), "{want}: {said}");
    }
}

#[test]
fn a_small_database_allows_only_azure_by_default() {
    let Some(compiler) = compiler() else { return };
    let variant =
        variants::all_variants().into_iter().find(|variant| variant.name == "flex-small").expect("a variant");
    let text = read(&variant.parameters_path());
    let lines = text.lines().filter(|line| !line.contains("deployerAddress"));
    let without: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert_ne!(text, without);
    let file = written("small-without-address", &without);
    let said = compiler.session().expect("it starts").snapshot(&file).expect("it can be deployed");
    let deployment = snapshot::read(&said).expect("a snapshot");
    let doors = deployment.resources_of_type("Microsoft.DBforPostgreSQL/flexibleServers/firewallRules");
    let names: Vec<_> = doors.map(|door| door.name.rsplit('/').next().unwrap_or_default()).collect();
    assert_eq!(names, ["azure"]);
}

/// A file of parameters where the compiler finds what it uses, for it takes relative paths only.
fn written(name: &str, parameters: &str) -> PathBuf {
    let parameters = parameters.replace("'../main.bicep'", "'../../infra/main.bicep'");
    let file = root().join("target/tmp").join(format!("{name}.bicepparam"));
    fs::create_dir_all(file.parent().expect("a folder")).expect("the folder can be made");
    fs::write(&file, parameters).expect("the file can be written");
    file
}

/// What the compiler says of parameters that cannot be deployed: by the rules of types, or by a `fail()` of the files.
fn refusal(session: &mut Session, name: &str, parameters: &str) -> String {
    let file = written(name, parameters);
    let said = session.diagnostics(&file).expect("it answers");
    if !said.is_empty() {
        return said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    }
    let answer = session.snapshot(&file);
    let Err(SessionError::Refused(why)) = answer else { panic!("{name} is not refused") };
    why
}

/// A resource of its own with one property, read as a snapshot.
fn value(written: &str) -> Value {
    let id = "/subscriptions/s/resourceGroups/g/providers/Sample.Things/things/t";
    let text = serde_json::json!({ "predictedResources": [{
        "id": id, "type": "Sample.Things/things", "name": "t", "apiVersion": "1", "value": written,
    }]});
    let deployment = snapshot::read(&text.to_string()).expect("a snapshot");
    deployment.resources.first().and_then(|one| one.body.get("value")).expect("the value").clone()
}

#[test]
fn every_snapshot_expression_is_evaluated() {
    let known = [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("[format('{0}-{1}-{0}', 'a', 2)]", "a-2-a"),
        ("[format('{{{0}}}', 'it''s')]", "{it's}"),
        ("[environment().suffixes.storage]", "core.windows.net"),
        ("[replace('a-b', '-', '+')]", "a+b"),
        ("[if(empty(''), 'yes', 'no')]", "yes"),
        ("[filter(split('a//b', '/'), lambda('x', not(empty(lambdaVariables('x')))))[1]]", "b"),
        (
            "[resourceId('s', 'g', 'A.B/c/d', 'e', 'f')]",
            "/subscriptions/s/resourceGroups/g/providers/A.B/c/e/d/f",
        ),
        ("[extensionResourceId('/x', 'A.B/c', 'e')]", "/x/providers/A.B/c/e"),
    ];
    for (written, want) in known {
        assert_eq!(value(written), Value::exact(want), "{written}");
    }
}

#[test]
fn runtime_values_stay_symbolic() {
    let symbols = [
        ("[reference('/x/y', '1').vaultUri]", "‹/x/y›.vaultUri"),
        ("[reference('/x/y', '1', 'full').identity.principalId]", "‹/x/y›.identity.principalId"),
        ("[format('https://{0}/api', reference('/x/y', '1').host)]", "https://‹/x/y›.host/api"),
        ("[split(format('a/{0}', reference('/x/y', '1').id), '/')[1]]", "‹/x/y›.id"),
        ("[guid('a', 'b')]", "‹guid a b›"),
    ];
    for (written, want) in symbols {
        let Value::Text(text) = value(written) else { panic!("{written}") };
        assert_eq!((text.text.as_str(), text.exact), (want, false), "{written}");
    }
}

#[test]
fn an_unevaluated_value_fails_every_assertion() {
    use infra_check::assertions::Expectation;
    for written in [
        "[variables('byFrontDoor')]",
        "[unheard('of')]",
        "[format('{0}')]",
        "[if(reference('/x', '1').on, 'a', 'b')]",
        "[split('a', '/')[7]]",
        "[environment().nothing]",
        "[not closed(]",
    ] {
        let said = value(written);
        assert!(said.unknown().is_some(), "{written}: {said}");
        for want in [
            Expectation::Present,
            Expectation::Absent,
            Expectation::Bool(true),
            Expectation::ContainsNone(&["x"]),
            Expectation::NonEmptyList,
        ] {
            assert!(want.holds(Some(&said)).is_err(), "{written}: {want:?}");
        }
    }
}

//! The reader of Bicep: what it works out, and that it never guesses.

use std::collections::BTreeMap;

use infra_check::{
    assertions::{Assertion, Want, When, check},
    bicep::{Deployment, Value, deploy},
    worlds,
};

use crate::sources;

/// What a file of its own would deploy.
fn deployed(text: &str) -> Deployment {
    let mut sources = sources();
    sources.set("infra/sample.bicep", text.to_owned()).expect("Bicep");
    sources.set("infra/inner.bicep", INNER.to_owned()).expect("Bicep");
    deploy(&sources, "infra/sample.bicep", &BTreeMap::from([("given".to_owned(), Value::exact("flex"))]))
}

const INNER: &str = "
param handed string
param kept string = 'default'
resource thing 'Sample/things@1' = {
  name: 'inner'
  value: '${handed}-${kept}'
}
output both string = '${handed}+${thing.properties.secret}'
";

/// The value that an expression comes to, and the faults on the way.
fn value(expression: &str) -> (Value, Vec<String>) {
    let deployment = deployed(&format!(
        "
param given string
param wanted bool = true
var list = ['a', 'b']
var record = {{
  inner: {{
    deep: 'here'
  }}
  'with-dash': 2
}}
resource other 'Sample/others@1' = {{
  name: 'other'
}}
module inner 'inner.bicep' = {{
  name: 'inner'
  params: {{
    handed: given
  }}
}}
resource thing 'Sample/things@1' = {{
  name: 'thing'
  value: {expression}
}}
"
    ));
    let thing = deployment.resources.iter().find(|one| one.name == "thing").expect("the resource is there");
    (thing.body.get("value").cloned().unwrap_or(Value::Null), deployment.faults)
}

#[test]
fn every_form_that_the_infrastructure_uses_is_worked_out() {
    let text = Value::exact;
    let known = [
        ("'a${given}c'", text("aflexc")),
        ("given == 'flex'", Value::Bool(true)),
        ("given != 'flex'", Value::Bool(false)),
        ("!wanted", Value::Bool(false)),
        ("wanted && given == 'flex'", Value::Bool(true)),
        ("!wanted || given == 'x'", Value::Bool(false)),
        ("given == 'flex' ? 'yes' : 'no'", text("yes")),
        ("record.inner.deep", text("here")),
        ("record['with-dash']", Value::Int(2)),
        ("list[1]", text("b")),
        ("[for one in list: '${one}!']", Value::List(vec![text("a!"), text("b!")])),
        ("[for (one, i) in list: 10 + i]", Value::List(vec![Value::Int(10), Value::Int(11)])),
        ("concat(list, ['c'])", Value::List(vec![text("a"), text("b"), text("c")])),
        ("join(list, ';')", text("a;b")),
        ("replace('a-b', '-', '+')", text("a+b")),
        ("empty('')", Value::Bool(true)),
        ("empty(other.id)", Value::Bool(false)),
        ("union({ a: 1 }, { a: 2 }).a", Value::Int(2)),
        ("'it\\'s \\${x}'", text("it's ${x}")),
    ];
    for (expression, want) in known {
        assert_eq!(value(expression), (want, Vec::new()), "{expression}");
    }
}

#[test]
fn what_only_azure_knows_stays_a_symbol_through_modules() {
    let (said, faults) = value("inner.outputs.both");
    assert_eq!(said.text(), Some("flex+‹Sample/things inner›.properties.secret"));
    assert!(faults.is_empty());
    assert_eq!(value("other.name").0, Value::exact("other"));
}

#[test]
fn what_cannot_be_worked_out_is_a_fault_and_fails_every_assertion() {
    let unknown = [
        "nobody",
        "given.length",
        "first(list)",
        "other.id == 'x'",
        "other.properties.on ? 'a' : 'b'",
        "inner.outputs.neither",
        "record.outer",
        "list[7]",
        "[for one in other.properties.list: one]",
        "given > 1",
    ];
    for expression in unknown {
        let (said, faults) = value(expression);
        assert!(said.unknown().is_some(), "{expression}: {said:?}");
        assert!(!faults.is_empty(), "{expression}");
        for want in [Want::Present, Want::Absent, Want::Bool(true), Want::Avoids(&["x"]), Want::Filled] {
            assert!(want.holds(Some(&said)).is_err(), "{expression}: {want:?}");
        }
    }
}

fn line(want: Want) -> Assertion {
    let (id, kind, path) = ("C00-sample", "Sample/things", "value");
    Assertion { id, kind, only: &[], path, want, when: When::Always, least: 1 }
}

#[test]
fn conditions_decide_and_one_that_cannot_be_decided_is_a_fault() {
    let thing = |condition: &str| {
        deployed(&format!(
            "param given string\nresource other 'Sample/others@1' = {{\n  name: 'o'\n}}\nresource thing 'Sample/things@1' = if ({condition}) {{\n  name: 'thing'\n  value: true\n}}\n"
        ))
    };
    assert_eq!(check(&line(Want::Bool(true)), &thing("given == 'flex'")), Vec::new());
    assert_eq!(check(&line(Want::Bool(true)), &thing("given == 'other'")).len(), 1, "there is none");
    let undecided = thing("other.properties.on");
    assert!(
        undecided.faults.iter().any(|fault| fault.contains("cannot be decided")),
        "{:?}",
        undecided.faults
    );
}

#[test]
fn a_loop_makes_a_resource_for_each_item_and_all_of_them_have_to_hold() {
    let deployment = deployed(
        "param given string\nvar rows = [{ n: 'a', v: true }, { n: 'b', v: false }]\nresource thing 'Sample/things@1' = [for row in rows: {\n  name: row.n\n  value: row.v\n}]\n",
    );
    assert_eq!(deployment.resources.len(), 2);
    let broken = check(&line(Want::Bool(true)), &deployment);
    assert_eq!(broken.len(), 1, "{broken:?}");
}

#[test]
fn the_first_deployment_has_a_gateway_without_an_api_and_no_fault() {
    let world = worlds::all().into_iter().next().expect("a world");
    let mut parameters = world.parameters();
    parameters.insert("publish".to_owned(), Value::Bool(false));
    for left_out in ["corsOrigins", "partnerCertificates", "repository", "runnerSshKey"] {
        parameters.remove(left_out);
    }
    let deployment = deploy(&sources(), worlds::MAIN, &parameters);
    assert_eq!(deployment.faults, Vec::<String>::new());
    let gateway = deployment.resources.iter().filter(|one| one.kind.starts_with("Microsoft.ApiManagement/"));
    let kinds: Vec<_> = gateway.map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["Microsoft.ApiManagement/service"]);
}

//! Which subnet may talk to what, as one reviewed list.

use std::{collections::BTreeSet, fs};

use infra_check::{
    deployment::{Deployment, Resource},
    value::{Value, steps},
    variants::{FeatureSet, Size, Variant},
};

use crate::{deployments, plain, root};

/// What a rule says, in the sequence of the list.
const SAYS: [&str; 6] =
    ["direction", "access", "priority", "protocol", "sourceAddressPrefix", "destinationAddressPrefix"];

const GROUP: &str = "Microsoft.Network/networkSecurityGroups";

/// Each rule as a line: group, name, direction, access, priority, protocol, from, to, ports.
fn rules(deployment: &Deployment) -> BTreeSet<String> {
    let of_group = |one: &Resource| {
        let Some(Value::List(rules)) = one.body.at("properties.securityRules") else {
            panic!("{}", one.name)
        };
        let group = plain(&one.name);
        rules.iter().map(|rule| line(&group, rule)).collect::<Vec<_>>()
    };
    deployment.resources_of_type(GROUP).flat_map(of_group).collect()
}

fn line(group: &str, rule: &Value) -> String {
    let word = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::List(items)) => items.iter().filter_map(Value::text).collect::<Vec<_>>().join(","),
        value => value.and_then(Value::text).unwrap_or("?").to_owned(),
    };
    let said = SAYS.map(|property| word(rule.at(&format!("properties.{property}"))));
    let name = word(rule.get("name"));
    let ports = rule.at("properties.destinationPortRanges").or(rule.at("properties.destinationPortRange"));
    let from_ports = word(rule.at("properties.sourcePortRange"));
    format!("{group} {name} {} {} {from_ports}", said.join(" "), word(ports))
}

fn reviewed(variant: Variant) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("tools/infra-check/tests/infrastructure/network_rules.txt"))
        .expect("the list");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let lines: Vec<_> = lines.filter_map(|line| line.split_once(' ')).collect();
    let is_so = |when: &str| match when {
        "always" => true,
        "direct" => variant.features == FeatureSet::DirectCallers,
        "settled" | "backend" => variant.features != FeatureSet::FirstProvision,
        network => network == variant.network,
    };
    let about = lines.iter().filter(|(when, _)| when.split(',').all(is_so));
    about.map(|(_, rule)| rule.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A small deployment has no subnet to guard.
fn with_network() -> impl Iterator<Item = &'static (Variant, Deployment)> {
    deployments().iter().filter(|(variant, deployment)| {
        let has_groups = deployment.resources_of_type(GROUP).next().is_some();
        assert_eq!(has_groups, variant.size == Size::Production, "{}", variant.name);
        has_groups
    })
}

#[test]
fn subnet_traffic_matches_the_reviewed_list() {
    for (variant, deployment) in with_network() {
        assert_eq!(rules(deployment), reviewed(*variant), "{}", variant.name);
    }
}

#[test]
fn every_part_of_a_rule_is_checked() {
    for (variant, deployment) in with_network() {
        let mut made = 0;
        for (place, group) in deployment.resources.iter().enumerate().filter(|(_, one)| one.kind == GROUP) {
            let Some(Value::List(rules)) = group.body.at("properties.securityRules") else {
                panic!("a group")
            };
            for (rule, said) in rules.iter().enumerate() {
                let Some(Value::Object(properties)) = said.get("properties") else {
                    panic!("{}", group.name)
                };
                for (property, _) in properties {
                    let path = format!("properties.securityRules[{rule}].properties.{property}");
                    let mut changed = deployment.clone();
                    changed.resources[place].body = group.body.with(&steps(&path), Value::exact("another"));
                    assert_ne!(self::rules(&changed), reviewed(*variant), "{}: {path}", group.name);
                    made += 1;
                }
            }
        }
        assert!(made > 100, "{}: {made}", variant.name);
    }
}

//! Which subnet may talk to what, as one reviewed list.

use std::{collections::BTreeSet, fs};

use infra_check::{
    deployment::{Deployment, Resource},
    value::{Value, steps},
    worlds::{Beyond, Size, World},
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
    deployment.of_kind(GROUP).flat_map(of_group).collect()
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

fn reviewed(world: World) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("tools/infra-check/tests/infrastructure/network_rules.txt"))
        .expect("the list");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let lines: Vec<_> = lines.filter_map(|line| line.split_once(' ')).collect();
    let is_so = |when: &str| match when {
        "always" => true,
        "direct" => world.beyond == Beyond::Direct,
        "settled" | "backend" => world.beyond != Beyond::First,
        network => network == world.network,
    };
    let about = lines.iter().filter(|(when, _)| when.split(',').all(is_so));
    about.map(|(_, rule)| rule.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A small deployment has no subnet to guard.
fn with_network() -> impl Iterator<Item = &'static (World, Deployment)> {
    deployments().iter().filter(|(world, deployment)| {
        let has_groups = deployment.of_kind(GROUP).next().is_some();
        assert_eq!(has_groups, world.size == Size::Production, "{}", world.name);
        has_groups
    })
}

#[test]
fn every_subnet_talks_to_what_the_reviewed_list_says_and_nothing_else() {
    for (world, deployment) in with_network() {
        assert_eq!(rules(deployment), reviewed(*world), "{}", world.name);
    }
}

#[test]
fn every_word_of_a_rule_is_held() {
    for (world, deployment) in with_network() {
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
                    assert_ne!(self::rules(&changed), reviewed(*world), "{}: {path}", group.name);
                    made += 1;
                }
            }
        }
        assert!(made > 100, "{}: {made}", world.name);
    }
}

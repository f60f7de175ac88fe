//! Which subnet may talk to what, as one reviewed list.

use std::{collections::BTreeSet, fs};

use infra_check::{
    deployment::Deployment,
    value::{Step, Value},
    worlds::{Beyond, World},
};

use crate::{deployments, plain, root};

/// What a rule says, in the sequence of the list.
const SAYS: [&str; 6] =
    ["direction", "access", "priority", "protocol", "sourceAddressPrefix", "destinationAddressPrefix"];

/// Each rule as a line: group, name, direction, access, priority, protocol, from, to, ports.
fn rules(deployment: &Deployment) -> BTreeSet<String> {
    let rules = deployment.of_kind("Microsoft.Network/networkSecurityGroups/securityRules");
    rules.map(|one| line(&plain(&one.name), &one.body)).collect()
}

fn line(name: &str, rule: &Value) -> String {
    let (group, name) = name.split_once('/').expect("a group and a rule");
    let word = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::List(items)) => items.iter().filter_map(Value::text).collect::<Vec<_>>().join(","),
        value => value.and_then(Value::text).unwrap_or("?").to_owned(),
    };
    let said = SAYS.map(|property| word(rule.at(&format!("properties.{property}"))));
    let ports = rule.at("properties.destinationPortRanges").or(rule.at("properties.destinationPortRange"));
    let from_ports = word(rule.at("properties.sourcePortRange"));
    format!("{group} {name} {} {} {from_ports}", said.join(" "), word(ports))
}

fn reviewed(world: World) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("infra-check/tests/infrastructure/network_rules.txt"))
        .expect("the list");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let lines: Vec<_> = lines.filter_map(|line| line.split_once(' ')).collect();
    let is_for = |when: &str| {
        when == "always" || when == world.network || (when == "direct" && world.beyond == Beyond::Direct)
    };
    let about = lines.iter().filter(|(when, _)| is_for(when));
    about.map(|(_, rule)| rule.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_subnet_talks_to_what_the_reviewed_list_says_and_nothing_else() {
    for (world, deployment) in deployments() {
        assert_eq!(rules(deployment), reviewed(*world), "{}", world.name);
    }
}

#[test]
fn every_word_of_a_rule_is_held() {
    for (world, deployment) in deployments() {
        let rules: Vec<_> = deployment
            .resources
            .iter()
            .enumerate()
            .filter(|(_, one)| one.kind.ends_with("/securityRules"))
            .collect();
        assert!(rules.len() >= 17, "{}: {}", world.name, rules.len());
        for (place, rule) in rules {
            let Some(Value::Object(properties)) = rule.body.get("properties") else {
                panic!("{}", rule.name)
            };
            for (property, _) in properties {
                let path = ["properties", property].map(Step::Name);
                let mut changed = deployment.clone();
                changed.resources[place].body = rule.body.with(&path, Value::exact("another"));
                assert_ne!(self::rules(&changed), reviewed(*world), "{}: {property}", rule.name);
            }
        }
    }
}

//! The table holds in every choice of parameters, and every line of it notices when it does not.

use std::collections::BTreeSet;

use infra_check::{
    assertions::{check, table},
    mutation::mutations,
};

use crate::deployments;

#[test]
fn every_assertion_holds_in_its_variants() {
    for (variant, deployment) in deployments() {
        let lines = table().into_iter().filter(|line| line.applies_to(*variant));
        let broken: Vec<_> = lines.flat_map(|line| check(&line, deployment)).collect();
        assert!(broken.is_empty(), "{variant:?}: {broken:#?}");
    }
}

#[test]
fn every_assertion_id_is_unique() {
    let table = table();
    let ids: BTreeSet<_> = table.iter().map(|line| line.id).collect();
    assert_eq!(ids.len(), table.len());
}

#[test]
fn every_assertion_fails_when_violated() {
    let (mut made, mut noticed) = (0, 0);
    let mut surprises = Vec::new();
    for line in table() {
        let about: Vec<_> = deployments().iter().filter(|(variant, _)| line.applies_to(*variant)).collect();
        assert!(!about.is_empty(), "{} is about no choice", line.id);
        for (variant, deployment) in about {
            let mutations =
                mutations(deployment, &line).unwrap_or_else(|error| panic!("{}: {error}", variant.name));
            for mutation in mutations {
                let is_noticed = !check(&line, &mutation.deployment).is_empty();
                made += usize::from(mutation.is_wrong);
                noticed += usize::from(mutation.is_wrong && is_noticed);
                if is_noticed != mutation.is_wrong {
                    surprises.push(format!("{} in {}: {}", line.id, variant.name, mutation.description));
                }
            }
        }
    }
    println!("{noticed} of {made} mutations were noticed");
    assert!(surprises.is_empty(), "{surprises:#?}");
}

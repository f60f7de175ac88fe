//! The table holds in every choice of parameters, and every line of it notices when it does not.

use std::collections::BTreeSet;

use infra_check::{
    assertions::{check, table},
    mutation::mutations,
    worlds,
};

use crate::sources;

#[test]
fn every_line_holds_in_every_choice_that_it_is_about() {
    let sources = sources();
    for world in worlds::all() {
        let deployment = world.deploy(&sources);
        let lines = table().into_iter().filter(|line| line.when.is(world));
        let broken: Vec<_> = lines.flat_map(|line| check(&line, &deployment)).collect();
        assert!(broken.is_empty(), "{world:?}: {broken:#?}");
    }
}

#[test]
fn every_id_is_of_one_line() {
    let table = table();
    let ids: BTreeSet<_> = table.iter().map(|line| line.id).collect();
    assert_eq!(ids.len(), table.len());
}

#[test]
fn every_line_turns_red_when_what_it_asserts_is_wrong() {
    let sources = sources();
    let deployed: Vec<_> = worlds::all().into_iter().map(|world| (world, world.deploy(&sources))).collect();
    let mut surprises = Vec::new();
    for line in table() {
        let about = deployed.iter().rfind(|(world, _)| line.when.is(*world));
        let (world, deployment) = about.expect("every line is about some choice");
        let made =
            mutations(&sources, deployment, &line).unwrap_or_else(|error| panic!("{}: {error:?}", line.id));
        assert!(made.len() >= 5, "{}", line.id);
        for mutation in made {
            let changed = world.deploy(&mutation.sources);
            let noticed = !check(&line, &changed).is_empty();
            if noticed != mutation.is_wrong || !changed.faults.is_empty() {
                surprises.push(format!("{}: {}, {:?}", line.id, mutation.what, changed.faults));
            }
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}

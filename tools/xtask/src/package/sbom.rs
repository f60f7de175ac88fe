//! The bill of materials: what the binary itself says it was built from, as `CycloneDX`.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use auditable_info::audit_info_from_slice;
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use cyclonedx_bom::{
    models::{
        bom::{Bom, SpecVersion},
        component::{Classification, Component, Components, Scope},
        dependency::{Dependencies, Dependency},
        license::{LicenseChoice, Licenses},
        metadata::Metadata,
    },
    prelude::{Purl, Validate as _},
};
use project::{Project, WORKER_NAME};
use serde::Deserialize;

/// Far beyond the list of any program that we would ship.
const LIMIT: usize = 8 << 20;

/// The crates of this repository that the worker consists of. Every other one only develops and tests.
const SHIP: [&str; 3] = [WORKER_NAME, "functions-lint", "azure-functions-handler"];

/// Licences, in the words of their crates, by name and version.
type Said = BTreeMap<(String, String), String>;

/// What is wrong with the list that the binary holds of what it was built from.
pub(super) fn faults(binary: &[u8]) -> Vec<String> {
    match audit_info_from_slice(binary, LIMIT) {
        Ok(list) if list.packages.iter().any(|package| package.root) => {
            let ours = list.packages.iter().filter(|package| package.source == Source::Local);
            let stay = ours.filter(|package| !SHIP.contains(&package.name.as_str()));
            stay.map(|package| format!("the worker holds {}, which only develops it", package.name)).collect()
        }
        _ => vec!["the worker does not say what it was built from: build it with cargo-auditable".to_owned()],
    }
}

/// The bill of a binary. It holds no time and no number of its own, so the same binary has the same bill.
pub(super) fn of(project: &Project, binary: &[u8]) -> anyhow::Result<Vec<u8>> {
    let list =
        audit_info_from_slice(binary, LIMIT).context("the worker holds no list of what it is built from")?;
    write(&list, &licences(project)?)
}

fn write(list: &VersionInfo, said: &Said) -> anyhow::Result<Vec<u8>> {
    let mut root = None;
    let (mut components, mut dependencies) = (Vec::new(), Vec::new());
    for package in &list.packages {
        let component = component(package, said)?;
        let needs =
            package.dependencies.iter().filter_map(|&index| Some(reference(list.packages.get(index)?)));
        dependencies.push(Dependency { dependency_ref: reference(package), dependencies: needs.collect() });
        if package.root { root = Some(component) } else { components.push(component) }
    }
    let bom = Bom {
        serial_number: None,
        metadata: Some(Metadata { component: root, ..Metadata::default() }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies)),
        spec_version: SpecVersion::V1_5,
        ..Bom::default()
    };
    let validity = bom.validate_version(SpecVersion::V1_5);
    ensure!(validity.passed(), "the bill of materials is not valid CycloneDX: {validity:?}");
    let mut json = Vec::new();
    bom.output_as_json_v1_5(&mut json).context("the bill of materials cannot be written")?;
    Ok(json)
}

fn component(package: &Package, said: &Said) -> anyhow::Result<Component> {
    let version = package.version.to_string();
    let kind = if package.root { Classification::Application } else { Classification::Library };
    let mut component = Component::new(kind, &package.name, &version, Some(reference(package)));
    if package.source == Source::CratesIo {
        component.purl =
            Some(Purl::new("cargo", &package.name, &version).context("a crate has an odd name")?);
    }
    // What only helped to build it is not in it.
    component.scope = Some(match package.kind {
        DependencyKind::Build => Scope::Excluded,
        DependencyKind::Runtime => Scope::Required,
    });
    let licence = said.get(&(package.name.clone(), version));
    component.licenses = licence.map(|licence| Licenses(vec![LicenseChoice::expression(licence)]));
    Ok(component)
}

fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn licences(project: &Project) -> anyhow::Result<Said> {
    #[derive(Deserialize)]
    struct Workspace {
        packages: Vec<Crate>,
    }
    #[derive(Deserialize)]
    struct Crate {
        name: String,
        version: String,
        license: Option<String>,
    }
    let mut metadata = project.cargo();
    let output = metadata.args(["metadata", "--format-version", "1", "--locked"]).output();
    let output = output.context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let workspace: Workspace = serde_json::from_slice(&output.stdout).context("cargo metadata is no JSON")?;
    // Crates from before there was a standard separate two licences by a stroke.
    let said = workspace
        .packages
        .into_iter()
        .filter_map(|one| Some(((one.name, one.version), one.license?.replace('/', " OR "))));
    Ok(said.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"packages": [
        {"name": "help", "version": "1.0.0", "source": "crates.io", "kind": "build"},
        {"name": "part", "version": "2.1.0", "source": "crates.io"},
        {"name": "worker", "version": "0.1.0", "source": "local", "dependencies": [0, 1], "root": true}
    ]}"#;

    #[test]
    fn the_sbom_is_complete_and_reproducible() {
        let list: VersionInfo = serde_json::from_str(LIST).unwrap();
        let said = Said::from([(("part".to_owned(), "2.1.0".to_owned()), "MIT OR Apache-2.0".to_owned())]);
        let bill = write(&list, &said).unwrap();
        assert_eq!(bill, write(&list, &said).unwrap());
        let json: serde_json::Value = serde_json::from_slice(&bill).unwrap();
        assert_eq!(json["bomFormat"], "CycloneDX");
        assert_eq!(json["metadata"]["component"]["name"], "worker");
        let part = &json["components"][1];
        assert_eq!((&part["name"], &part["purl"]), (&"part".into(), &"pkg:cargo/part@2.1.0".into()));
        assert_eq!(part["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(json["components"][0]["scope"], "excluded");
        assert_eq!(json["dependencies"][2]["dependsOn"], serde_json::json!(["help@1.0.0", "part@2.1.0"]));
        assert!(json.get("serialNumber").is_none() && json["metadata"].get("timestamp").is_none());
    }

    #[test]
    fn a_binary_without_audit_data_is_rejected() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(faults(&this).len(), 1);
    }
}

//! What a package must be, read from its bytes: what is not so does not become a file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    archive::{self, Entry},
    binary, sbom, secrets,
};

/// Bytes that a package may have: it is fetched whenever an instance starts.
pub(super) const LIMIT: usize = 7_000_000;
const HOST: &str = "host.json";

/// Everything that is wrong with the program of all packages.
pub(super) fn faults_of_program(path: &str, program: &Entry) -> Vec<String> {
    let mut faults = secrets::faults(path, &program.bytes);
    if program.mode != 0o755 {
        faults.push(format!("the worker's mode is {:o}, so the host cannot start it", program.mode));
    }
    faults.extend(binary::faults(&program.bytes));
    faults.extend(sbom::faults(&program.bytes));
    faults
}

/// Everything that is wrong with a package of these functions, unless it is wrong with the program that it holds.
pub(super) fn faults(zip: &[u8], functions: &BTreeSet<&str>, wanted: &Entry) -> anyhow::Result<Vec<String>> {
    let entries = archive::unpack(zip)?;
    let mut faults = Vec::new();
    let program = entries.get(HOST).and_then(|host| executable(&host.bytes));
    if program.is_none() {
        faults.push(format!("{HOST} is missing or names no defaultExecutablePath"));
    }
    for (path, entry) in &entries {
        if entry != wanted {
            faults.extend(secrets::faults(path, &entry.bytes));
        }
        let is_function = path.strip_suffix("/function.json").is_some_and(|name| functions.contains(name));
        if path != HOST && Some(path) != program.as_ref() && !is_function {
            faults.push(format!("{path} does not belong into it"));
        }
    }
    let missing = functions.iter().filter(|name| !entries.contains_key(&format!("{name}/function.json")));
    faults.extend(missing.map(|name| format!("the function {name} is missing")));
    match program.as_ref().and_then(|program| entries.get(program)) {
        None => faults.push("the program that host.json names is missing".to_owned()),
        Some(program) if program != wanted => faults.push("its program is another one".to_owned()),
        Some(_) => {}
    }
    if zip.len() > LIMIT {
        faults.push(format!("it has {} bytes, more than {LIMIT}", zip.len()));
    }
    Ok(faults)
}

/// `customHandler.description.defaultExecutablePath`, which the tools that publish look up letter by letter.
pub(super) fn executable(host: &[u8]) -> Option<String> {
    let host: Value = serde_json::from_slice(host).ok()?;
    Some(host.pointer("/customHandler/description/defaultExecutablePath")?.as_str()?.to_owned())
}

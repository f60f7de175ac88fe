//! The function folders directly under the app root and their function.json (protocol sheet §7.1).

mod binding;

use std::{fs, path::Path};

use host_traps::{Settings, json_file};
use serde_json::{Value, json};

use super::{Function, LeftOut, Retry, Told};
pub(crate) use binding::is_queue_name;
use binding::{Binding, Fault};

/// Reads every enabled function, those that are not served apart.
pub(super) fn load_all(
    root: &Path,
    settings: &Settings,
    told: &Told,
) -> Result<(Vec<Function>, Vec<LeftOut>), Vec<String>> {
    let folders = folder_names(root).map_err(|fault| vec![fault])?;
    let found = match told {
        Told::Routes(_) if !folders.is_empty() => {
            return Err(vec![format!(
                "host.json has customHandler.http.routes and there is {}/function.json, but the host takes functions \
                 from one of them alone: take the routes or the folders out",
                folders[0]
            )]);
        }
        Told::Routes(routes) => of_routes(routes),
        Told::Folders(only) => {
            let is_wanted = |name: &String| {
                only.as_ref().is_none_or(|only| only.iter().any(|one| one.eq_ignore_ascii_case(name)))
            };
            folders.into_iter().filter(is_wanted).map(|name| in_folder(root, name)).collect()
        }
    };
    let (mut functions, mut left_out) = (Vec::new(), Vec::new());
    let mut faults = Vec::new();
    for Found { name, place, json } in found {
        if settings.is_true(&format!("AzureWebJobs.{name}.Disabled")) {
            continue;
        }
        match json.map_err(|fault| vec![Fault::Wrong(fault)]).and_then(|json| read(&name, &json, settings)) {
            Ok(function) => functions.extend(function),
            Err(found) if found.iter().all(Fault::is_unserved) => {
                let why = found.iter().map(Fault::sentence).collect::<Vec<_>>().join("; ");
                left_out.push(LeftOut { function: name, why });
            }
            Err(found) => faults.extend(found.iter().map(|fault| format!("{place}: {}", fault.sentence()))),
        }
    }
    if faults.is_empty() { Ok((functions, left_out)) } else { Err(faults) }
}

/// A function as it stands somewhere.
struct Found {
    name: String,
    place: String,
    json: Result<Value, String>,
}

fn in_folder(root: &Path, name: String) -> Found {
    let json = json_file::read(&root.join(&name).join("function.json"), "the file");
    Found { place: format!("{name}/function.json"), name, json }
}

/// Sorted by their names, as those of folders are.
fn of_routes(routes: &[Value]) -> Vec<Found> {
    let made = routes.iter().enumerate().map(|(at, bindings)| Found {
        name: format!("http-handler{}", at + 1),
        place: format!("host.json customHandler.http.routes[{at}]"),
        json: Ok(json!({ "bindings": bindings })),
    });
    let mut found: Vec<_> = made.collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

fn folder_names(root: &Path) -> Result<Vec<String>, String> {
    let fault = |error| format!("{} cannot be listed: {error}", root.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if entry.path().join("function.json").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read(name: &str, json: &Value, settings: &Settings) -> Result<Option<Function>, Vec<Fault>> {
    if json.get("disabled") == Some(&Value::Bool(true)) {
        return Ok(None);
    }
    let mut faults: Vec<Fault> = Vec::new();
    if !is_function_name(name) {
        faults.push(
            "rename the folder: a function's name starts with a letter, holds letters, digits, '_' and '-' only, \
             at most 128, and is not \"host\""
                .to_owned()
                .into(),
        );
    }
    let Some(bindings) = json.get("bindings").and_then(Value::as_array).filter(|list| !list.is_empty())
    else {
        faults.push("\"bindings\" must be a list with at least a trigger".to_owned().into());
        return Err(faults);
    };
    let bindings: Vec<Binding<'_>> = bindings.iter().map(Binding).collect();
    faults.extend(repeated_names(&bindings).into_iter().map(Fault::Wrong));
    let retry = json.get("retry").filter(|policy| !policy.is_null()).map(Retry::read).transpose();
    let retry = retry.map_err(|fault| faults.push(Fault::Wrong(fault))).ok().flatten();
    let function = function(name, &bindings, retry, settings, &mut faults);
    if faults.is_empty() { Ok(function) } else { Err(faults) }
}

fn function(
    name: &str,
    bindings: &[Binding<'_>],
    retry: Option<Retry>,
    settings: &Settings,
    faults: &mut Vec<Fault>,
) -> Option<Function> {
    let (triggers, others): (Vec<_>, Vec<_>) = bindings.iter().partition(|binding| binding.is_trigger());
    let outputs = others.iter().map(|binding| binding.output(settings));
    let outputs = outputs.filter_map(|output| output.map_err(|fault| faults.push(fault)).ok()).collect();
    let [trigger] = triggers.as_slice() else {
        faults.push(format!("it has {} triggers; a function has exactly one", triggers.len()).into());
        return None;
    };
    match trigger.trigger(name, settings) {
        Ok(trigger) => Some(Function { name: name.to_owned(), trigger, outputs, retry }),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

fn repeated_names(bindings: &[Binding<'_>]) -> Vec<String> {
    let names: Vec<String> = bindings.iter().map(|binding| binding.name().to_ascii_lowercase()).collect();
    let repeated = names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name));
    repeated
        .map(|(_, name)| format!("two bindings are named \"{name}\"; case does not tell them apart"))
        .collect()
}

fn is_function_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
        && !name.eq_ignore_ascii_case("host")
}

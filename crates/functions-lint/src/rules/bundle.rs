//! Traps in `extensionBundle`.

use std::fs;

use super::{Rule, Violation, fail, warn};
use crate::{
    App,
    app::is,
    bundle::{self, BundleError},
};

pub(super) const RULES: &[&Rule] = &[&BUNDLE];

/// Bundles whose versions 1 to 3 are no longer supported; other bundles count their own versions.
const BUNDLE_IDS: [&str; 2] =
    ["Microsoft.Azure.Functions.ExtensionBundle", "Microsoft.Azure.Functions.ExtensionBundle.Preview"];

/// The host has these without a bundle.
const BUILT_IN: [&str; 3] = ["httpTrigger", "http", "timerTrigger"];

const REMEDY: &str = "write \"extensionBundle\": {\"id\": \"Microsoft.Azure.Functions.ExtensionBundle\", \"version\": \
                      \"[4.*, 5.0.0)\"}";

const BUNDLE: Rule = Rule {
    id: "extension-bundle",
    promise: "the host finds the extensions that the bindings need",
    source: "https://learn.microsoft.com/azure/azure-functions/extension-bundles",
    find: |app| {
        let needs = app.bindings().any(|(_, binding)| !BUILT_IN.iter().any(|kind| is(binding, kind)));
        let is_named = app.host_has(&["extensionBundle"]);
        (needs || is_named).then(|| if is_named { named(app) } else { missing(app) }.into_iter().collect())
    },
};

fn named(app: &App) -> Option<Violation> {
    let member = |name| app.host_text(&["extensionBundle", name]);
    let id = member("id");
    match bundle::read(id.as_deref(), member("version").as_deref()) {
        Err(fault) => {
            let name = match fault {
                BundleError::NoId | BundleError::Id => "id",
                BundleError::NoVersion | BundleError::Version => "version",
            };
            let why = format!("{fault}. The host does not start and answers every call with 503");
            Some(fail(format!("host.json extensionBundle.{name}"), why, REMEDY))
        }
        Ok(versions) => {
            let is_judged = id.is_some_and(|id| BUNDLE_IDS.iter().any(|one| one.eq_ignore_ascii_case(&id)));
            let is_old = is_judged && versions.highest_major().is_some_and(|major| major < 4);
            is_old.then(|| {
                let why = "the host takes the highest version inside this range, and none in it is supported any more: it \
                           gets no fixes, and newer members of host.json do nothing";
                warn("host.json extensionBundle.version", why, REMEDY)
            })
        }
    }
}

/// What `func extensions install` leaves is loaded in place of a bundle.
fn missing(app: &App) -> Option<Violation> {
    let bin = app.root.join("bin");
    if !bin.join("extensions.json").is_file() {
        let why =
            "it is missing, and a binding needs it: in Azure the functions with that binding are in error";
        return Some(fail("host.json extensionBundle", why, REMEDY));
    }
    let mut files = fs::read_dir(bin).into_iter().flatten().flatten();
    let has_library = files
        .any(|file| file.path().extension().is_some_and(|extension| extension.eq_ignore_ascii_case("dll")));
    (!has_library).then(|| {
        let why = "it names extensions, but no .dll is beside it: in Azure the functions that need them are in error";
        warn("bin/extensions.json", why, "run `func extensions install`, or use a bundle in host.json")
    })
}

//! `docs/reference/configuration.md`, made from the table.

use std::{env, fmt::Write as _, fs};

use super::*;
use crate::{
    config::Setting,
    functions::{self, FUNCTIONS, FunctionNeed},
};

const HEAD: &str = "\
# Configuration

Every setting of orders-worker. `cargo xtask generate` writes this page from the table in
[`src/config/settings.rs`](src/config/settings.rs); a test reads every example with the worker's own reader.

A setting is an environment variable. In Azure it is an
[app setting](https://learn.microsoft.com/azure/azure-functions/functions-how-to-use-azure-function-app-settings); on a
development machine it is in `local.settings.json`, and
[local.settings.json.example](local.settings.json.example) has the defaults, and the identity settings of
`cargo xtask issuer` for `func start`. Editors complete and explain the settings there, from its
[JSON Schema](docs/reference/local.settings.schema.json).

- The worker reads the settings once, when it starts. It reports all wrong settings together and ends with exit code 2
  ([messages](docs/troubleshooting.md#settings)).
- Names are case-sensitive. A name that begins with `ORDERS_` and is not in the table stops the start; so does a
  known name in other case, and an empty value.
- A process reads only the settings that its functions need (*Read for*).
- A process runs in Azure unless
  [nothing of Azure is set and `AZURE_FUNCTIONS_ENVIRONMENT` is `Development`](docs/reference/identity.md#development-machine-or-azure).
- *Examples* together are the settings of one app in Azure with all functions.

`WEBSITE_AUTH_ENABLED` is no setting: App Service Authentication sets it, and a person never does.
";

/// Whether a function with these needs identifies its caller.
fn has_caller(needs: &[FunctionNeed]) -> bool {
    needs.iter().any(|need| matches!(need, FunctionNeed::Identity))
}

/// Which functions read a setting.
fn readers(setting: &Setting) -> String {
    let reads = |needs: &[FunctionNeed]| setting.concerns(functions::config_needs(needs));
    if reads(&[]) {
        return "all functions".to_owned();
    }
    let is_for_callers =
        FUNCTIONS.iter().filter(|function| has_caller(function.needs)).all(|function| reads(function.needs));
    let named = FUNCTIONS
        .iter()
        .filter(|function| reads(function.needs) && !(is_for_callers && has_caller(function.needs)))
        .map(|function| function.name);
    let callers = is_for_callers.then_some("the HTTP functions except Health and ApiDescription");
    callers.into_iter().chain(named).collect::<Vec<_>>().join("; ")
}

/// The page as the table has it.
fn page() -> String {
    // The links of the page begin at its own folder.
    let mut page = HEAD
        .replace("](docs/reference/", "](")
        .replace("](docs/", "](../")
        .replace("](src/", "](../../src/")
        .replace("](local.settings.json", "](../../local.settings.json");
    page += "\n| Setting | Default | What it decides |\n|---|---|---|\n";
    for Setting { name, default, meaning, .. } in SETTINGS {
        let default = default.map_or("–".to_owned(), |default| format!("`{default}`"));
        let anchor = name.to_lowercase();
        writeln!(page, "| [`{name}`](#{anchor}) | {default} | {meaning} |").unwrap();
    }
    for setting @ Setting { name, default, form, example, required, meaning, .. } in SETTINGS {
        let default = default.map_or("none".to_owned(), |default| format!("`{default}`"));
        write!(
            page,
            "\n## {name}\n\n\
             It decides: {meaning}.\n\n\
             - **Allowed**: {form}.\n\
             - **Default**: {default}.\n\
             - **Required**: {required}.\n\
             - **Example**: `{example}`\n\
             - **Read for**: {}.\n",
            readers(setting)
        )
        .unwrap();
    }
    page
}

#[test]
fn the_committed_page_of_settings_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/configuration.md");
    if env::var_os("REWRITE").is_some() {
        fs::write(path, page()).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap();
    assert_eq!(committed, page(), "write it anew with `cargo xtask generate`");
}

#[test]
fn an_http_function_that_has_no_caller_is_health_or_the_description() {
    let operation =
        |needs: &[FunctionNeed]| needs.iter().any(|need| matches!(need, FunctionNeed::OpenApiOperation(_)));
    let without = FUNCTIONS
        .iter()
        .filter(|function| operation(function.needs) && !has_caller(function.needs))
        .map(|function| function.name);
    assert!(without.eq(["Health", "ApiDescription"]));
}

//! local.settings.json for Core Tools.

use std::{fs, path::Path};

use anyhow::Context as _;
use functions_emulator::users::Users;
use project::read;
use serde_json::Value;

/// Where the issuer listens, unless another port is asked for: what the file says has to stay true.
pub(super) const ISSUER_PORT: u16 = 7072;

/// The issuer's own URL.
pub(super) fn issuer_url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// Makes the worker accept the issuer's tokens, and nothing else: Core Tools have no EasyAuth that sets a principal.
pub(super) fn identity(users: &Users, port: u16) -> [(&'static str, String); 4] {
    [
        ("ORDERS_IDENTITY", "jwt".to_owned()),
        ("ORDERS_ENTRA_TENANT_ID", users.tenant().to_string()),
        ("ORDERS_ENTRA_AUDIENCE", users.audience().to_owned()),
        ("ORDERS_ENTRA_AUTHORITY", format!("{}/_emulator/issuer", issuer_url(port))),
    ]
}

/// Writes the file from its example, with the users of this machine; what is there stays.
pub(super) fn write_if_absent(root: &Path, users: &Users) -> anyhow::Result<()> {
    let path = root.join("local.settings.json");
    if path.exists() {
        return Ok(());
    }
    let mut settings: Value = serde_json::from_str(&read(&root.join("local.settings.json.example"))?)
        .context("local.settings.json.example is no JSON")?;
    let values = settings["Values"].as_object_mut().context("local.settings.json.example has no Values")?;
    for (name, value) in identity(users, ISSUER_PORT) {
        values.insert(name.to_owned(), value.into());
    }
    if let Some(file) = settings.as_object_mut() {
        file.remove("//");
    }
    fs::write(&path, serde_json::to_string_pretty(&settings)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote local.settings.json from its example");
    Ok(())
}

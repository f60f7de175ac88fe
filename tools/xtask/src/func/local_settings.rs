//! local.settings.json for Core Tools.

use std::{fs, path::Path};

use anyhow::Context as _;

/// Copies the file from its example; what is there stays.
pub(super) fn copy_if_absent(root: &Path) -> anyhow::Result<()> {
    let path = root.join("local.settings.json");
    if path.exists() {
        return Ok(());
    }
    fs::copy(root.join("local.settings.json.example"), &path)
        .with_context(|| format!("cannot copy local.settings.json.example to {}", path.display()))?;
    println!("copied local.settings.json.example to local.settings.json");
    Ok(())
}

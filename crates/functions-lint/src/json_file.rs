//! Files that the host or Core Tools read as JSON objects; see [`Document`] for what counts as JSON.

use std::path::Path;

use serde_json::Value;

use crate::json::Document;

/// Reads a file that must hold a JSON object.
///
/// # Errors
/// One sentence that names the file as `shown`, with line and column.
pub fn read_value(path: &Path, shown: &str) -> Result<Value, String> {
    read_document(path, shown).map(|document| document.value())
}

/// As [`read_value`], with the places of the values.
///
/// # Errors
/// As [`read_value`].
pub fn read_document(path: &Path, shown: &str) -> Result<Document, String> {
    let document = Document::read(path, shown)?;
    if document.is_object() { Ok(document) } else { Err(format!("{shown} must hold a JSON object")) }
}

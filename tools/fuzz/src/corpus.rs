//! The inputs that a campaign begins with: `tools/fuzz/corpus/<target>`, one a file.

use std::{fs, io, path::Path};

use crate::targets::FuzzTarget;

/// Reads a target's inputs, in the sequence of their names, so that a seed draws the same everywhere.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn read_inputs(target: &FuzzTarget) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    files.into_iter().map(fs::read).collect()
}

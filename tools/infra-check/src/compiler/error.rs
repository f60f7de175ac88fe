//! The version, and why there is no compiler of it.

use std::io;

/// The version. Another version may compile the same files differently.
pub const BICEP_VERSION: &str = "0.49.2";

/// The compiler exists and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CompilerError {
    /// `BICEP` names another version, or no compiler.
    #[error("BICEP names {program}, which says `{said}`: install bicep {BICEP_VERSION}, or unset BICEP")]
    Version {
        /// The program that it names.
        program: String,
        /// What `--version` printed.
        said: String,
    },
    /// The archive cannot be unpacked.
    #[error("cannot unpack the archive that BICEP_ARCHIVE names: {0}")]
    Archive(String),
    /// A folder or the program cannot be used.
    #[error("cannot run the compiler of Bicep")]
    Run(#[from] io::Error),
}

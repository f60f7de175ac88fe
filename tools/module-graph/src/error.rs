use std::{io, path::PathBuf};

/// Why a crate could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that a `mod` names could not be read.
    #[error("cannot read {path}", path = path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not Rust.
    #[error("cannot parse {path}", path = path.display())]
    Unparsed {
        /// The file.
        path: PathBuf,
        /// What the parser found.
        source: syn::Error,
    },
    /// `cargo metadata` did not answer.
    #[error("cannot run cargo metadata")]
    Cargo(#[source] io::Error),
    /// `cargo metadata` answered what is not its format.
    #[error("cannot read the answer of cargo metadata")]
    Metadata(#[source] serde_json::Error),
}

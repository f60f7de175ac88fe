//! The body or the message that a command is given.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{example::Example, failure::Failure};

/// Where the body or the message comes from.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Input {
    /// The body, the message, or what the trigger would bring
    #[arg(long, value_name = "TEXT")]
    data: Option<String>,
    /// A file with it; `-` for standard input
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,
    /// One of the example events that come with this command
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) example: Option<Example>,
}

impl Input {
    /// The bytes; none if the command is given none.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(text) = &self.data {
            return Ok(Some(text.clone().into_bytes()));
        }
        if let Some(file) = &self.data_file {
            let read = if file == Path::new("-") { read_stdin() } else { fs::read(file) };
            let named = |error| Failure::Usage(format!("cannot read {}: {error}", file.display()));
            return read.map(Some).map_err(named);
        }
        Ok(self.example.and_then(Example::content).map(|text| text.as_bytes().to_vec()))
    }

    /// As [`Self::read`], of what has to be text.
    pub(super) fn read_text(&self) -> Result<Option<String>, Failure> {
        let text = self.read()?.map(String::from_utf8).transpose();
        text.map_err(|_| Failure::Usage("the data must be text in UTF-8".to_owned()))
    }
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map(|_| bytes)
}

//! A header of the command line.

use std::ffi::OsStr;

use clap::{
    Arg, Command, Error,
    builder::TypedValueParser,
    error::{ErrorKind, Result},
};

/// Reads `NAME: VALUE`. A refused text is not repeated, for it may hold a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header;

impl TypedValueParser for Header {
    type Value = (String, String);

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Self::Value> {
        let header = value.to_str().and_then(|text| text.split_once(':'));
        let header = header.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        header.filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            let message = "--header must look like NAME: VALUE\n";
            Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        })
    }
}

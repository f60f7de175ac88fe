//! An app setting of the command line.

use std::ffi::OsStr;

use clap::{
    Arg, Command, Error,
    builder::TypedValueParser,
    error::{ErrorKind, Result},
};

/// Reads NAME=VALUE. A refused text is not repeated, for it may hold a secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting;

impl TypedValueParser for Setting {
    type Value = (String, String);

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Self::Value> {
        let refused = |why: &str| {
            let message = format!("--setting {why}: write --setting NAME=VALUE\n");
            Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        };
        let text = value.to_str().ok_or_else(|| refused("must have a value in UTF-8"))?;
        let (name, value) = text.split_once('=').ok_or_else(|| refused("must look like NAME=VALUE"))?;
        if name.is_empty() {
            return Err(refused("must have a name before its `=`"));
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(refused("must have a name without blanks"));
        }
        Ok((name.to_owned(), value.to_owned()))
    }
}

//! A name and its value as one argument of the command line.

use std::ffi::OsStr;

use clap::{
    Arg, Command, Error,
    builder::TypedValueParser,
    error::{ErrorKind, Result},
};

/// Reads a name, a separator and a value. A refused text is not repeated, for it may hold a secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedValue {
    option: &'static str,
    form: &'static str,
    separator: char,
    /// Whether blanks around name and value do not belong to them.
    trims: bool,
}

impl NamedValue {
    /// An app setting, whose value may begin with a blank.
    pub(crate) const SETTING: Self =
        Self { option: "--setting", form: "NAME=VALUE", separator: '=', trims: false };
    /// A header of a request.
    pub(crate) const HEADER: Self =
        Self { option: "--header", form: "NAME: VALUE", separator: ':', trims: true };

    fn read(self, text: &OsStr) -> std::result::Result<(String, String), String> {
        let Self { form, separator, trims, .. } = self;
        let text = text.to_str().ok_or("must have a value in UTF-8")?;
        let (name, value) = text.split_once(separator).ok_or_else(|| format!("must look like {form}"))?;
        let (name, value) = if trims { (name.trim(), value.trim()) } else { (name, value) };
        if name.is_empty() {
            return Err(format!("must have a name before its `{separator}`"));
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("must have a name without blanks".to_owned());
        }
        Ok((name.to_owned(), value.to_owned()))
    }
}

impl TypedValueParser for NamedValue {
    type Value = (String, String);

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Self::Value> {
        self.read(value).map_err(|why| {
            let Self { option, form, .. } = self;
            let message = format!("{option} {why}: write {option} {form}\n");
            Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        })
    }
}

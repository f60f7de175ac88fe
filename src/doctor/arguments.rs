//! What stands behind `orders-worker doctor`.

use std::{convert::Infallible, path::PathBuf};

/// What to check, and how to print it.
#[derive(Clone, Debug, Default, Eq, PartialEq, clap::Args)]
pub struct Arguments {
    /// Print JSON instead of lines
    #[arg(long)]
    pub json: bool,
    /// Check the settings in this file instead of those of this process: the output of
    /// `az functionapp config appsettings list`, or a local.settings.json
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Call the deployment at this URL; repeat it for URLs that callers must not reach
    #[arg(long = "url", value_name = "URL", value_parser = without_slash)]
    pub urls: Vec<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is clap's")]
fn without_slash(text: &str) -> Result<String, Infallible> {
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches, error::ErrorKind};

    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        let doctor = <Arguments as clap::Args>::augment_args(Command::new("doctor").no_binary_name(true));
        Arguments::from_arg_matches(&doctor.try_get_matches_from(words)?)
    }

    #[test]
    fn the_documented_arguments_are_read() {
        let all = parse(&["--json", "--settings", "f", "--url", "https://a/", "--url", "https://b"]);
        let urls = vec!["https://a".to_owned(), "https://b".to_owned()];
        assert_eq!(all.unwrap(), Arguments { json: true, settings: Some("f".into()), urls });
        assert_eq!(parse(&["--settings"]).unwrap_err().kind(), ErrorKind::InvalidValue);
        assert!(parse(&["--jsn"]).unwrap_err().to_string().contains("--json"));
    }
}

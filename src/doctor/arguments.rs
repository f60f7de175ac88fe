//! What stands behind `orders-worker doctor`.

use std::path::PathBuf;

/// What to examine, and how to say it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Arguments {
    /// `--json`: print JSON instead of lines.
    pub json: bool,
    /// `--settings FILE`: the settings of the deployment; those of this process without it.
    pub settings: Option<PathBuf>,
    /// `--url URL`: where callers reach the deployment, then where they must not.
    pub urls: Vec<String>,
}

impl Arguments {
    /// Understands the words of the command line behind `doctor`.
    ///
    /// # Errors
    /// One sentence that says what may stand there.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word {
                "--json" => arguments.json = true,
                "--settings" => arguments.settings = Some(value()?.into()),
                "--url" => arguments.urls.push(value()?.trim_end_matches('/').to_owned()),
                _ => {
                    return Err(format!(
                        "doctor has no argument {word:?}; it has `--json`, `--settings FILE` and `--url URL`"
                    ));
                }
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_those_of_the_contract() {
        let all =
            Arguments::parse(["--json", "--settings", "f", "--url", "https://a/", "--url", "https://b"]);
        let urls = vec!["https://a".to_owned(), "https://b".to_owned()];
        assert_eq!(all, Ok(Arguments { json: true, settings: Some("f".into()), urls }));
        assert!(Arguments::parse(["--settings"]).unwrap_err().contains("needs a value"));
        assert!(Arguments::parse(["--jsn"]).unwrap_err().contains("--json"));
    }
}

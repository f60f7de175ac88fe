//! `extensionBundle` of host.json: an id of a package and a range of versions, read as `NuGet` reads them
//! (`ExtensionBundleConfigurationHelper` of the host, `VersionRange.TryParse`).

/// The error in the section.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// There is no `id`, or an empty one.
    #[error("extensionBundle has no id")]
    NoId,
    /// The `id` is none that a package can have.
    #[error(
        "the id of extensionBundle must consist of letters, digits and `_`, with single dots or hyphens between them"
    )]
    Id,
    /// There is no `version`, or an empty one.
    #[error("extensionBundle has no version")]
    NoVersion,
    /// The `version` is no range.
    #[error(
        "the version of extensionBundle must be a range: it begins with [ or ( and ends with ] or ), with a lower version, \
         a comma and an upper version between, of which the lower one alone may have a *"
    )]
    Version,
}

/// A range of versions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BundleVersions {
    upper: Option<Bound>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Bound {
    version: Version,
    inclusive: bool,
}

/// Major, minor, patch and the fourth number.
type Version = [u32; 4];

/// Reads the two members of the section. Where it is not there, nothing is wrong.
///
/// # Errors
/// An error in the section. The host refuses it, and with it every function of the app.
pub fn read(id: Option<&str>, version: Option<&str>) -> Result<BundleVersions, BundleError> {
    let version = version.map(str::trim).filter(|text| !text.is_empty()).ok_or(BundleError::NoVersion)?;
    let versions = BundleVersions::parse(version).ok_or(BundleError::Version)?;
    match id.filter(|id| !id.trim().is_empty()) {
        None => Err(BundleError::NoId),
        Some(id) if !is_package_id(id) => Err(BundleError::Id),
        Some(_) => Ok(versions),
    }
}

impl BundleVersions {
    /// Reads a range: `[4.*, 5.0.0)`, `[4.0.0]`, `4.*`, `4.0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self { upper: None });
        }
        let Some(inner) = text.strip_prefix(['[', '(']) else {
            return lower(text).map(|_| Self { upper: None });
        };
        let (from_inclusive, inclusive) = (text.starts_with('['), text.ends_with(']'));
        let inner = inner.strip_suffix([']', ')'])?;
        let parts: Vec<&str> = inner.split(',').collect();
        let (first, last) = match parts.as_slice() {
            [one] if from_inclusive && inclusive => (*one, *one),
            [first, last] => (*first, *last),
            _ => return None,
        };
        if first.is_empty() && last.is_empty() {
            return None;
        }
        let lower = if first.trim().is_empty() { None } else { Some(lower(first)?) };
        let upper = if last.trim().is_empty() { None } else { Some(version(last)?) };
        let is_empty = lower
            .zip(upper)
            .is_some_and(|(lower, upper)| lower > upper || (lower == upper && from_inclusive != inclusive));
        (!is_empty).then(|| Self { upper: upper.map(|version| Bound { version, inclusive }) })
    }

    /// The highest major version in the range; `None` if the range has no upper end.
    #[must_use]
    pub fn highest_major(&self) -> Option<u32> {
        let Bound { version: [major, rest @ ..], inclusive } = self.upper?;
        Some(if rest == [0; 3] && !inclusive { major.saturating_sub(1) } else { major })
    }
}

/// The lower end, where a `*` may replace the last number.
fn lower(text: &str) -> Option<Version> {
    let text = text.trim();
    match text.strip_suffix('*') {
        Some(before) if !before.contains(['*', '+']) => version(&format!("{before}0")),
        Some(_) => None,
        None => version(text),
    }
}

/// One to four numbers with dots between, then `-` and a label, then `+` and a note.
fn version(text: &str) -> Option<Version> {
    let text = text.trim();
    let (text, note) = text.split_once('+').map_or((text, None), |(text, note)| (text, Some(note)));
    let (numbers, label) = text.split_once('-').map_or((text, None), |(text, label)| (text, Some(label)));
    let words = [note, label].into_iter().flatten().flat_map(|words| words.split('.'));
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let mut version = [0; 4];
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > version.len() || !words.into_iter().all(is_word) {
        return None;
    }
    for (slot, part) in version.iter_mut().zip(parts) {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *slot = part.parse().ok().filter(|_| is_number)?;
    }
    Some(version)
}

/// Words of letters, digits and `_`, with one dot or hyphen between, 100 at most.
fn is_package_id(id: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    id.chars().count() <= 100 && id.split(['.', '-']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_end_says_what_is_chosen() {
        let ends = [
            ("[4.*, 5.0.0)", Some(4)),
            ("[2.*, 5.0.0)", Some(4)),
            ("[1.*,2.0.0)", Some(1)),
            ("[3.3.0, 4.0.0)", Some(3)),
            ("[3.*, 4.0.0]", Some(4)),
            ("[2.*, 4.5)", Some(4)),
            ("(, 4.0.0)", Some(3)),
            ("[4.0.0]", Some(4)),
            ("[2.*, )", None),
            ("4.*", None),
            ("4.0", None),
            ("*", None),
        ];
        for (range, major) in ends {
            let versions = BundleVersions::parse(range).unwrap_or_else(|| panic!("{range} is a range"));
            assert_eq!(versions.highest_major(), major, "{range}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "[4.*, 5.0.0",
            "4.*, 5.0.0)",
            "[4.*, 5.*)",
            "[4.*; 5.0.0)",
            "[5.0.0, 4.0.0)",
            "[1.0, 2.0, 3.0)",
            "[,]",
            "()",
            "~4",
            "^4.0.0",
            ">=4.0.0",
            "4.x",
            "latest",
            "[4.*.0, 5.0.0)",
            "[4.0.0)",
            "[4.0.0, 4.0.0)",
            "[1.2.3.4.5, 6.0.0)",
        ] {
            assert_eq!(BundleVersions::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_one_that_a_package_can_have() {
        let range = Some("[4.*, 5.0.0)");
        for id in ["Microsoft.Azure.Functions.ExtensionBundle", "my-bundle_2"] {
            assert!(read(Some(id), range).is_ok(), "{id}");
        }
        for (id, fault) in [
            (None, BundleError::NoId),
            (Some(" "), BundleError::NoId),
            (Some("Microsoft..Bundle"), BundleError::Id),
            (Some("a b"), BundleError::Id),
            (Some("https://bundle"), BundleError::Id),
        ] {
            assert_eq!(read(id, range), Err(fault), "{id:?}");
        }
        assert_eq!(read(Some("x"), None), Err(BundleError::NoVersion));
    }
}

//! Names that a misspelt one may mean.

/// As similar as clap wants an option to be that it suggests.
const MIN_SIMILARITY: f64 = 0.7;

/// The known name that is most like a misspelt one.
pub(crate) fn similar<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let rated = known.into_iter().map(|name| (strsim::jaro(&wanted, &name.to_lowercase()), name));
    let near = rated.filter(|(similarity, _)| *similarity > MIN_SIMILARITY);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}

/// A sentence for a name that is not known: which one it may mean, and which there are.
pub(crate) fn unknown<'a>(kind: &str, wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let meant = similar(wanted, known.iter().copied());
    let meant = meant.map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
    let all = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("there is no {kind} `{wanted}`.{meant} There are: {all}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_name_is_suggested() {
        let known = ["Submit", "Hello", "Work"];
        assert_eq!(similar("helo", known), Some("Hello"));
        assert_eq!(similar("xyz", known), None);
        assert_eq!(
            unknown("function", "Wrok", known),
            "there is no function `Wrok`. Did you mean `Work`? There are: Submit, Hello, Work"
        );
    }

    #[test]
    fn an_empty_list_is_said_to_be_empty() {
        assert_eq!(unknown("key", "mine", []), "there is no key `mine`. There are: none");
    }
}

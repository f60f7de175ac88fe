//! Route templates and how they match (protocol sheet §6).

/// A route template such as `items/{kind}/{id?}` or `files/{*rest}`.
#[derive(Clone, Debug)]
pub struct Template(Vec<Segment>);

#[derive(Clone, Debug)]
enum Segment {
    Literal(String),
    Parameter { name: String, optional: bool },
    Rest { name: String },
}

/// Route values by parameter name; `None` for an optional one that the path leaves out.
pub type Params = Vec<(String, Option<String>)>;

impl Template {
    /// Reads a template, slashes at its ends ignored.
    ///
    /// # Errors
    /// One sentence about what is wrong. Constraints, defaults and segments that mix text and parameters are
    /// refused: this host does not serve them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches('/');
        let parts: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split('/').collect() };
        let mut segments: Vec<Segment> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let segment = Segment::parse(part)?;
            let last = at + 1 == parts.len();
            if !last && !matches!(segment, Segment::Literal(_) | Segment::Parameter { optional: false, .. }) {
                return Err(format!("{part} can only be the last segment"));
            }
            if let Some(name) = segment.name()
                && segments.iter().filter_map(Segment::name).any(|known| known.eq_ignore_ascii_case(name))
            {
                return Err(format!("two parameters are named {name}"));
            }
            segments.push(segment);
        }
        Ok(Self(segments))
    }

    /// Matches a path that is decoded except for `%2F`. Literal segments ignore case, one slash at the end is
    /// ignored; an empty segment matches nothing.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Params> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        if parts.contains(&"") {
            return None;
        }
        parts.reverse();
        let mut params = Params::new();
        for segment in &self.0 {
            match segment {
                Segment::Literal(literal) => {
                    parts.pop().filter(|part| part.to_lowercase() == literal.to_lowercase())?;
                }
                Segment::Parameter { name, optional } => {
                    let value = parts.pop().map(str::to_owned);
                    if value.is_none() && !optional {
                        return None;
                    }
                    params.push((name.clone(), value));
                }
                Segment::Rest { name } => {
                    parts.reverse();
                    let rest = parts.join("/");
                    parts.clear();
                    params.push((name.clone(), Some(rest).filter(|rest| !rest.is_empty())));
                }
            }
        }
        parts.is_empty().then_some(params)
    }
}

impl Segment {
    fn parse(part: &str) -> Result<Self, String> {
        if part.is_empty() {
            return Err("it has an empty segment".to_owned());
        }
        let inner = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let Some(inner) = inner else {
            return if part.contains(['{', '}']) {
                Err(format!("{part} mixes text and a parameter; give the parameter a segment of its own"))
            } else {
                Ok(Self::Literal(part.to_owned()))
            };
        };
        if inner.contains([':', '=']) {
            return Err(format!(
                "{part} has a constraint or a default, which this host does not serve; check it in the worker"
            ));
        }
        let rest = inner.trim_start_matches('*');
        let name = rest.trim_end_matches('?').to_owned();
        if name.is_empty() || name.contains(['{', '}', '*', '?']) {
            return Err(format!("{part} names no parameter"));
        }
        Ok(if rest.len() < inner.len() {
            Self::Rest { name }
        } else {
            Self::Parameter { optional: rest.ends_with('?'), name }
        })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter { name, .. } | Self::Rest { name } => Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<Option<String>>> {
        let params = Template::parse(template).unwrap().matches(path)?;
        Some(params.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn parameters_take_one_segment_and_the_rest_takes_all() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(values("api/items/{kind}/{id?}", "/API/Items/a%2Fb/"), Some(vec![some("a%2Fb"), None]));
        assert_eq!(values("api/items/{kind}/{id?}", "/api/items/a/b/c"), None);
        assert_eq!(values("any/{*rest}", "/any/x/y"), Some(vec![some("x/y")]));
        assert_eq!(values("{*rest}", "/"), Some(vec![None]));
    }

    #[test]
    fn an_empty_segment_matches_nothing() {
        assert_eq!(values("any/{*rest}", "/any//x"), None);
        assert_eq!(values("any/{*rest}", "/any/x//"), None);
    }

    #[test]
    fn templates_that_this_host_cannot_serve_are_refused() {
        for template in ["{id:int}", "v{n}", "{a?}/b", "{*rest}/b", "a//b", "{}", "{a}/{A}", "{x=1}"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}

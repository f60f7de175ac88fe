//! The segments of a template, and what each takes of a path.

use super::constraint::Constraint;

#[derive(Clone, Debug)]
pub(super) enum Segment {
    Literal(String),
    Parameter(Parameter),
    Rest(Parameter),
    /// Text and parameters, never two parameters side by side.
    Mixed(Vec<Part>),
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(String),
    Parameter(Parameter),
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) optional: bool,
    pub(super) default: Option<String>,
    pub(super) constraints: Vec<Constraint>,
}

/// Route values by parameter name; `None` for an optional one that the path leaves out.
pub type Params = Vec<(String, Option<String>)>;

impl Segment {
    /// Matches the segment at the front of a path and returns the rest of the path.
    pub(super) fn take<'a>(&self, path: &'a [&'a str], params: &mut Params) -> Option<&'a [&'a str]> {
        match self {
            Self::Literal(literal) => {
                let (part, rest) = path.split_first()?;
                (part.to_lowercase() == literal.to_lowercase()).then_some(rest)
            }
            Self::Parameter(parameter) => {
                let value = path.first().map(|part| (*part).to_owned());
                parameter.add(value, params)?;
                Some(path.get(1..).unwrap_or_default())
            }
            Self::Rest(parameter) => {
                let rest = Some(path.join("/")).filter(|rest| !rest.is_empty());
                let value = rest.or_else(|| parameter.default.clone());
                if !parameter.allows(value.as_deref()) {
                    return None;
                }
                params.push((parameter.name.clone(), value));
                Some(&[])
            }
            Self::Mixed(parts) => {
                let (part, rest) = path.split_first()?;
                mixed_or_shorter(parts, part, params)?;
                Some(rest)
            }
        }
    }
}

impl Parameter {
    pub(super) fn allows(&self, value: Option<&str>) -> bool {
        self.constraints.iter().all(|constraint| constraint.allows(value))
    }

    /// Adds the value that a path or the default gives; none where there has to be one, or it is not allowed.
    pub(super) fn add(&self, found: Option<String>, params: &mut Params) -> Option<()> {
        let value = found.or_else(|| self.default.clone());
        let is_good = match &value {
            Some(value) => self.allows(Some(value)),
            None => self.optional,
        };
        is_good.then(|| params.push((self.name.clone(), value)))
    }
}

/// Matches a segment of which the last part may be missing with the dot before it, as in `{name}.{kind?}`.
pub(super) fn mixed_or_shorter(parts: &[Part], text: &str, params: &mut Params) -> Option<()> {
    if mixed(parts, text, params).is_some() {
        return Some(());
    }
    match parts {
        [shorter @ .., Part::Literal(dot), Part::Parameter(last)]
            if last.optional && !text.ends_with(dot.as_str()) =>
        {
            mixed(shorter, text, params)?;
            params.push((last.name.clone(), None));
            Some(())
        }
        _ => None,
    }
}

/// Matches from the right, each text at its last position; parameters are never empty.
pub(super) fn mixed(parts: &[Part], text: &str, params: &mut Params) -> Option<()> {
    let lower = text.to_ascii_lowercase();
    let (mut end, mut open, mut found) = (text.len(), None::<&Parameter>, Params::new());
    for part in parts.iter().rev() {
        match part {
            Part::Parameter(parameter) => open = Some(parameter),
            Part::Literal(literal) => {
                let literal = literal.to_ascii_lowercase();
                let Some(parameter) = open.take() else {
                    end = lower[..end].strip_suffix(&literal)?.len();
                    continue;
                };
                let last = (0..end).rev().find(|at| lower[..end].is_char_boundary(*at))?;
                let at = lower[..last].rfind(&literal)?;
                let value = text[at + literal.len()..end].to_owned();
                parameter.add(Some(value), &mut found)?;
                end = at;
            }
        }
    }
    match open {
        Some(_) if end == 0 => return None,
        Some(parameter) => parameter.add(Some(text[..end].to_owned()), &mut found)?,
        None if end > 0 => return None,
        None => {}
    }
    params.extend(found.into_iter().rev());
    Some(())
}

//! The infrastructure with one thing wrong, so that a test can see the line of the table that is about it turn red.

mod place;

use crate::{
    assertions::{Assertion, Want},
    bicep::{Deployment, Resource, Sources, SourcesError, Value, steps},
};
use place::find;

/// One thing that is wrong.
#[derive(Debug)]
pub struct Mutation {
    /// What.
    pub what: &'static str,
    /// Whether the line has to notice. One change of each line is harmless, and shows that the others are not noticed for
    /// some other reason.
    pub is_wrong: bool,
    /// The files with it.
    pub sources: Sources,
}

/// No mutation could be made: the table or the files are of a form that this module does not know.
#[derive(Debug, thiserror::Error)]
pub enum NoMutation {
    /// Nothing to change.
    #[error("{0}")]
    Nothing(String),
    /// The changed text is no Bicep.
    #[error("a mutation is no Bicep")]
    Text(#[from] SourcesError),
}

/// Everything that can be wrong about what a line asserts: the value, the property, the resource, a second resource, and
/// the value that the parent module gives.
///
/// # Errors
/// When one of them cannot be made.
pub fn mutations(
    sources: &Sources,
    deployment: &Deployment,
    line: &Assertion,
) -> Result<Vec<Mutation>, NoMutation> {
    let about = about(deployment, line);
    let nothing = |why: &str| NoMutation::Nothing(format!("{}: {why}", line.id));
    let first = about.first().ok_or_else(|| nothing("no resource"))?;
    let (target, path) = target(deployment, line, first).ok_or_else(|| nothing("no companion"))?;
    let place = find(sources, target, &steps(&path)).ok_or_else(|| nothing("no such declaration"))?;
    let wrong = line.want.opposite();
    let mut all = vec![
        Mutation::wrong("another value", place.set(sources, wrong.clone())?),
        Mutation::wrong("no such resource", without(sources, &about)?),
        Mutation::wrong("a second resource without it", second(sources, line, first)?),
    ];
    if !matches!(line.want, Want::Absent) {
        all.push(Mutation::wrong("no such property", place.remove(sources)?));
    }
    let parent = target.through.as_ref().ok_or_else(|| nothing("a resource of the main file"))?;
    all.push(Mutation::wrong(
        "the opposite from the parent",
        place.given_by_parent(sources, parent, Some(wrong))?,
    ));
    // In a file that is used twice, what is right for one companion is wrong for the other.
    if about.len() == 1 || !matches!(line.want, Want::Companion(_)) {
        let same = place.given_by_parent(sources, parent, None)?;
        all.push(Mutation { what: "the same from the parent", is_wrong: false, sources: same });
    }
    Ok(all)
}

impl Mutation {
    fn wrong(what: &'static str, sources: Sources) -> Self {
        Self { what, is_wrong: true, sources }
    }
}

fn about<'d>(deployment: &'d Deployment, line: &Assertion) -> Vec<&'d Resource> {
    let of_kind = deployment.resources.iter().filter(|resource| resource.kind == line.kind);
    of_kind.filter(|resource| line.is_about(resource) == Ok(true)).collect()
}

/// The resource that holds the asserted property: the companion, where the line asks for one.
fn target<'d>(
    deployment: &'d Deployment,
    line: &Assertion,
    first: &'d Resource,
) -> Option<(&'d Resource, String)> {
    let Want::Companion(companion) = &line.want else { return Some((first, line.path.to_owned())) };
    let found = deployment.resources.iter().find(|other| companion.is_of(other, first))?;
    Some((found, companion.by.to_owned()))
}

/// Every resource of the line only looked up, not deployed.
fn without(sources: &Sources, about: &[&Resource]) -> Result<Sources, NoMutation> {
    let mut changed = sources.clone();
    let mut declarations: Vec<_> = about.iter().map(|one| (&one.file, &one.symbol)).collect();
    declarations.sort();
    declarations.dedup();
    for (file, symbol) in declarations {
        let text = changed.text(file).unwrap_or_default();
        let head = format!("resource {symbol} '");
        let (before, after) = text.split_once(&head).ok_or_else(|| NoMutation::Nothing(head.clone()))?;
        let (kind, rest) = after.split_once('\'').ok_or_else(|| NoMutation::Nothing(head.clone()))?;
        let text = format!("{before}{head}{kind}' existing{rest}");
        changed.set(file, text)?;
    }
    Ok(changed)
}

/// One more resource of the type, which says what the line's filters ask for and nothing else.
fn second(sources: &Sources, line: &Assertion, first: &Resource) -> Result<Sources, NoMutation> {
    let mut body = Value::Object(vec![("name".to_owned(), Value::exact("second"))]);
    for (path, value) in line.only {
        body = body.with(&steps(path), Value::exact(*value));
    }
    if matches!(line.want, Want::Absent) {
        body = body.with(&steps(line.path), line.want.opposite());
    }
    let text = sources.text(&first.file).unwrap_or_default();
    let more = format!("{text}\nresource second '{}@{}' = {}\n", first.kind, first.version, body.to_bicep());
    let mut changed = sources.clone();
    changed.set(&first.file, more)?;
    Ok(changed)
}

//! Where a property is written, and how the text is changed there.

use std::ops::Range;

use super::NoMutation;
use crate::bicep::{Body, Expression, Node, Piece, Resource, Sources, Step, Value, What};

/// The deepest expression on the way to a property, and what remains of the way.
pub(super) struct Place<'p> {
    file: String,
    span: Range<usize>,
    /// Name and value, or the item, when the property is written out.
    whole: Range<usize>,
    /// What the expression comes to.
    value: Value,
    rest: Vec<Step<'p>>,
    /// The object that ends the way, when the next property is not in it.
    is_object: bool,
}

/// Follows the steps through what is written; `None` when the resource's declaration is not found.
pub(super) fn find<'p>(sources: &Sources, resource: &Resource, steps: &[Step<'p>]) -> Option<Place<'p>> {
    let declarations = &sources.file(&resource.file)?.declarations;
    let body = declarations.iter().find_map(|one| match &one.what {
        What::Resource { body, .. } if one.name == resource.symbol => Some(body),
        _ => None,
    })?;
    let mut node = &body.object;
    let mut whole = node.span.clone();
    let mut value = resource.body.clone();
    let mut rest = steps.to_vec();
    while let Some((step, inner, span)) = rest.first().and_then(|step| into(node, *step)) {
        value = value.with_only(step);
        (node, whole) = (inner, span);
        rest.remove(0);
    }
    let is_object = matches!(node.expression, Expression::Object(_));
    Some(Place { file: resource.file.clone(), span: node.span.clone(), whole, value, rest, is_object })
}

fn into<'n, 'p>(node: &'n Node, step: Step<'p>) -> Option<(Step<'p>, &'n Node, Range<usize>)> {
    match (&node.expression, step) {
        (Expression::Object(properties), Step::Name(name)) => {
            let is_it = |key: &[Piece]| matches!(key, [Piece::Text(text)] if text == name);
            let found = properties.iter().find(|property| is_it(&property.key))?;
            Some((step, &found.value, found.span.clone()))
        }
        (Expression::List(items), Step::Item(index)) => {
            let item = items.get(index)?;
            Some((step, item, item.span.clone()))
        }
        _ => None,
    }
}

impl Value {
    /// The value behind one step; null when there is none.
    fn with_only(self, step: Step<'_>) -> Self {
        let found = match (step, &self) {
            (Step::Name(name), value) => value.get(name).cloned(),
            (Step::Item(index), Self::List(items)) => items.get(index).cloned(),
            _ => None,
        };
        found.unwrap_or(Self::Null)
    }
}

impl Place<'_> {
    /// The files with another value at the property.
    pub(super) fn set(&self, sources: &Sources, new: Value) -> Result<Sources, NoMutation> {
        match self.missing() {
            Some((name, rest)) => self.insert(sources, name, &Value::Null.with(rest, new).to_bicep()),
            None => self.replace(sources, self.span.clone(), &self.value.with(&self.rest, new).to_bicep()),
        }
    }

    /// The files without the property.
    pub(super) fn remove(&self, sources: &Sources) -> Result<Sources, NoMutation> {
        if self.rest.is_empty() {
            return self.replace(sources, self.whole.clone(), "");
        }
        self.set(sources, Value::Null)
    }

    /// The files with the property as a parameter that the parent gives, and whose default is right. What the parent gives
    /// is right too without `wrong`.
    pub(super) fn given_by_parent(
        &self,
        sources: &Sources,
        (parent, module): &(String, String),
        wrong: Option<Value>,
    ) -> Result<Sources, NoMutation> {
        let (mut changed, right, wrong) = if let Some((name, rest)) = self.missing() {
            let wrong = wrong.map(|wrong| Value::Null.with(rest, wrong));
            (self.insert(sources, name, "given")?, Value::Null, wrong)
        } else {
            let changed = self.replace(sources, self.span.clone(), "given")?;
            (changed, self.value.clone(), wrong.map(|wrong| self.value.with(&self.rest, wrong)))
        };
        let given = wrong.unwrap_or_else(|| right.clone());
        let kind = if right == Value::Null { kind(&given) } else { kind(&right) };
        let text = changed.text(&self.file).unwrap_or_default();
        let text = format!("{text}\nparam given {kind} = {}\n", right.to_bicep());
        changed.set(&self.file, text)?;
        let at = arguments(&changed, parent, module)
            .ok_or_else(|| NoMutation::Nothing(format!("{parent} calls no {module}")))?;
        put(&changed, parent, at..at, &format!("\ngiven: {}\n", given.to_bicep()))
    }

    /// The property that has to be put into the object, where the way ends in one.
    fn missing(&self) -> Option<(&str, &[Step<'_>])> {
        match (self.is_object, self.rest.as_slice()) {
            (true, [Step::Name(name), rest @ ..]) => Some((name, rest)),
            _ => None,
        }
    }

    fn insert(&self, sources: &Sources, name: &str, value: &str) -> Result<Sources, NoMutation> {
        let at = self.span.start + 1;
        self.replace(sources, at..at, &format!("\n'{name}': {value}\n"))
    }

    fn replace(&self, sources: &Sources, span: Range<usize>, new: &str) -> Result<Sources, NoMutation> {
        put(sources, &self.file, span, new)
    }
}

fn put(sources: &Sources, file: &str, span: Range<usize>, new: &str) -> Result<Sources, NoMutation> {
    let mut text = sources.text(file).unwrap_or_default().to_owned();
    text.replace_range(span, new);
    let mut changed = sources.clone();
    changed.set(file, text)?;
    Ok(changed)
}

/// Just inside the arguments of a module call.
fn arguments(sources: &Sources, file: &str, module: &str) -> Option<usize> {
    let declarations = &sources.file(file)?.declarations;
    let body: &Body = declarations.iter().find_map(|one| match &one.what {
        What::Module { body, .. } if one.name == module => Some(body),
        _ => None,
    })?;
    let (_, arguments, _) = into(&body.object, Step::Name("params"))?;
    Some(arguments.span.start + 1)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Null | Value::Object(_) | Value::Unknown(_) => "object",
    }
}

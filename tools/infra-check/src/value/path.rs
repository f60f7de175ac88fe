//! Paths into values: `properties.rules[0].name`, and `['with.dots']` where a name has dots.

use super::Value;

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep<'p> {
    /// Into the property of an object.
    Name(&'p str),
    /// Into the item of a list.
    Item(usize),
}

/// The steps of a path; `[*]` is the first item. An empty path has none.
#[must_use]
pub fn steps(path: &str) -> Vec<PathStep<'_>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some((quoted, after)) = rest.strip_prefix("['").and_then(|inside| inside.split_once("']")) {
            steps.push(PathStep::Name(quoted));
            rest = after;
        } else if let Some((index, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']'))
        {
            steps.push(PathStep::Item(index.parse().unwrap_or(0)));
            rest = after;
        } else {
            let plain = rest.strip_prefix('.').unwrap_or(rest);
            let end = plain.find(['.', '[']).unwrap_or(plain.len());
            let (name, after) = plain.split_at(end);
            steps.push(PathStep::Name(name));
            rest = after;
        }
    }
    steps
}

impl Value {
    /// Follows a path such as `properties.rules[0].name`. Null is as good as absent.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        steps(path).into_iter().try_fold(self, |value, step| match (step, value) {
            (PathStep::Item(index), Self::List(items)) => items.get(index),
            (PathStep::Name(name), value) => value.get(name),
            _ => None,
        })
    }

    /// A copy of this value with `new` at the end of the steps; missing objects and lists on the way are created.
    #[must_use]
    pub fn with(&self, steps: &[PathStep<'_>], new: Self) -> Self {
        match (steps, self) {
            ([], _) => new,
            ([PathStep::Name(name), rest @ ..], value) => {
                let mut properties =
                    if let Self::Object(properties) = value { properties.clone() } else { Vec::new() };
                let inner = properties.iter().position(|(key, _)| key == name);
                let old = inner
                    .and_then(|index| properties.get(index))
                    .map_or(Self::Null, |(_, value)| value.clone());
                let changed = ((*name).to_owned(), old.with(rest, new));
                match inner.and_then(|index| properties.get_mut(index)) {
                    Some(property) => *property = changed,
                    None => properties.push(changed),
                }
                Self::Object(properties)
            }
            ([PathStep::Item(index), rest @ ..], value) => {
                let mut items = if let Self::List(items) = value { items.clone() } else { Vec::new() };
                match items.get_mut(*index) {
                    Some(item) => *item = item.with(rest, new),
                    None => items.push(Self::Null.with(rest, new)),
                }
                Self::List(items)
            }
        }
    }

    /// A copy of this value without the value that the steps lead to.
    #[must_use]
    pub fn without(&self, steps: &[PathStep<'_>]) -> Self {
        match (steps, self) {
            ([PathStep::Name(name)], Self::Object(properties)) => {
                Self::Object(properties.iter().filter(|(key, _)| key != name).cloned().collect())
            }
            ([PathStep::Item(index)], Self::List(items)) => {
                let others = items.iter().enumerate().filter(|(place, _)| place != index);
                Self::List(others.map(|(_, item)| item.clone()).collect())
            }
            ([PathStep::Name(name), rest @ ..], Self::Object(properties)) => {
                let changed = |(key, value): &(String, Self)| {
                    (key.clone(), if key == name { value.without(rest) } else { value.clone() })
                };
                Self::Object(properties.iter().map(changed).collect())
            }
            ([PathStep::Item(index), rest @ ..], Self::List(items)) => {
                let changed = |(place, item): (usize, &Self)| {
                    if place == *index { item.without(rest) } else { item.clone() }
                };
                Self::List(items.iter().enumerate().map(changed).collect())
            }
            _ => self.clone(),
        }
    }
}

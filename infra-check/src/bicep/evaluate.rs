//! From expressions to values.

use super::{
    Text, Value,
    deployment::Instance,
    functions,
    syntax::{Each, Expression, Node, Piece, Property, What},
};

/// What loops call their items.
pub(super) type Locals = Vec<(String, Value)>;

/// Where an expression stands: a file with arguments, and the loops around.
pub(super) struct Scope<'i, 's> {
    pub(super) instance: &'i Instance<'s>,
    pub(super) locals: Locals,
}

impl Scope<'_, '_> {
    pub(super) fn value(&self, node: &Node) -> Value {
        match &node.expression {
            Expression::Null => Value::Null,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Int(value) => Value::Int(*value),
            Expression::Text(pieces) => self.text(pieces),
            Expression::List(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            Expression::Object(properties) => self.object(properties),
            Expression::Name(name) => self.name(name),
            Expression::Member(object, property) => self.member(object, property),
            Expression::Index(object, index) => self.index(object, index),
            Expression::Call(function, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(|argument| self.value(argument)).collect();
                functions::call(self.instance, function, &arguments)
            }
            Expression::Unary(operator, argument) => match (operator.as_str(), self.value(argument)) {
                ("!", Value::Bool(value)) => Value::Bool(!value),
                ("-", Value::Int(value)) => Value::Int(-value),
                _ => self.cannot(&format!("`{operator}` of what is not known")),
            },
            Expression::Binary(operator, left, right) => self.binary(operator, left, right),
            Expression::Choice(condition, yes, no) => match self.value(condition) {
                Value::Bool(true) => self.value(yes),
                Value::Bool(false) => self.value(no),
                _ => self.cannot("a condition that cannot be decided"),
            },
            Expression::For(each, body) => match self.each(each) {
                Ok(rounds) => {
                    let instance = self.instance;
                    let values = rounds.into_iter().map(|locals| Scope { instance, locals }.value(body));
                    Value::List(values.collect())
                }
                Err(why) => self.cannot(&why),
            },
            Expression::Other(kind) => self.cannot(&format!("a form that is not read here: {kind}")),
        }
    }

    fn cannot(&self, why: &str) -> Value {
        self.instance.fault(why);
        Value::Unknown(why.to_owned())
    }

    /// One set of names for each round of a loop.
    pub(super) fn each(&self, each: &Each) -> Result<Vec<Locals>, String> {
        let Value::List(items) = self.value(&each.list) else {
            return Err(format!("`{}` goes through what is no list", each.item));
        };
        let rounds = items.into_iter().zip(0..).map(|(item, index)| {
            let mut locals = self.locals.clone();
            locals.push((each.item.clone(), item));
            locals.extend(each.index.clone().map(|name| (name, Value::Int(index))));
            locals
        });
        Ok(rounds.collect())
    }

    fn text(&self, pieces: &[Piece]) -> Value {
        let mut whole = Text { text: String::new(), exact: true };
        for piece in pieces {
            let part = match piece {
                Piece::Text(text) => Text { text: text.clone(), exact: true },
                Piece::Hole(node) => match self.value(node) {
                    Value::Text(text) => text,
                    Value::Int(number) => Text { text: number.to_string(), exact: true },
                    Value::Bool(value) => Text { text: value.to_string(), exact: true },
                    Value::Unknown(why) => return Value::Unknown(why),
                    _ => return self.cannot("a string with a list or object in it"),
                },
            };
            whole.text.push_str(&part.text);
            whole.exact &= part.exact;
        }
        Value::Text(whole)
    }

    fn object(&self, properties: &[Property]) -> Value {
        let each = properties.iter().map(|property| {
            let key = self.text(&property.key);
            (key.text().unwrap_or("unknown").to_owned(), self.value(&property.value))
        });
        Value::Object(each.collect())
    }

    fn name(&self, name: &str) -> Value {
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return value.clone();
        }
        if let Some(value) = self.instance.parameters.get(name) {
            return value.clone();
        }
        let Some(declaration) = self.instance.declarations.get(name) else {
            return self.cannot(&format!("there is no `{name}`"));
        };
        if let Some(known) = self.instance.known.borrow().get(name) {
            return known.clone().unwrap_or_else(|| Value::Unknown(format!("`{name}` needs itself")));
        }
        self.instance.known.borrow_mut().insert(name.to_owned(), None);
        let whole = Scope { instance: self.instance, locals: Locals::new() };
        let value = match &declaration.what {
            What::Parameter(_, Some(node)) | What::Variable(node) => whole.value(node),
            What::Resource { kind, body, .. } => {
                let named = if body.each.is_some() { Value::Null } else { whole.naming(&body.object) };
                Value::symbol(&format!("{kind} {}", Self::resource_name(&named)))
            }
            What::Module { .. } => Value::symbol(&format!("module {name}")),
            _ => Value::Unknown(format!("`{name}` has no value")),
        };
        self.instance.known.borrow_mut().insert(name.to_owned(), Some(value.clone()));
        value
    }

    /// `name` and `parent` of a resource, without the rest of it.
    fn naming(&self, object: &Node) -> Value {
        let Expression::Object(properties) = &object.expression else { return Value::Null };
        let is_naming = |property: &&Property| matches!(property.key.as_slice(), [Piece::Text(key)] if key == "name" || key == "parent");
        let naming: Vec<Property> = properties.iter().filter(is_naming).cloned().collect();
        self.object(&naming)
    }

    /// The whole name of a resource: that of its parent, a slash, its own.
    pub(super) fn resource_name(body: &Value) -> String {
        let own = body.get("name").and_then(Value::text).unwrap_or("?").to_owned();
        let parent = body.get("parent").and_then(Value::text).and_then(name_in_symbol);
        parent.map_or(own.clone(), |parent| format!("{parent}/{own}"))
    }

    fn member(&self, object: &Node, property: &str) -> Value {
        if let Expression::Member(module, outputs) = &object.expression
            && outputs == "outputs"
            && let Expression::Name(name) = &module.expression
            && self
                .instance
                .declarations
                .get(name.as_str())
                .is_some_and(|one| matches!(one.what, What::Module { .. }))
        {
            let module = self.instance.module(name);
            return module.map_or_else(
                || self.cannot(&format!("module `{name}` needs itself")),
                |module| module.output(property),
            );
        }
        match self.value(object) {
            Value::Object(properties) => {
                let found = properties.into_iter().find(|(key, _)| key == property);
                found.map_or_else(
                    || self.cannot(&format!("there is no property `{property}`")),
                    |(_, value)| value,
                )
            }
            Value::Text(text) if !text.exact => symbol_property(&text.text, property),
            Value::Unknown(why) => Value::Unknown(why),
            _ => self.cannot(&format!("`{property}` of what is no object")),
        }
    }

    fn index(&self, object: &Node, index: &Node) -> Value {
        match (self.value(object), self.value(index)) {
            (Value::Object(properties), Value::Text(key)) => {
                let found = properties.into_iter().find(|(name, _)| *name == key.text);
                found.map_or_else(
                    || self.cannot(&format!("there is no property `{}`", key.text)),
                    |(_, value)| value,
                )
            }
            (Value::List(items), Value::Int(index)) => {
                let item = usize::try_from(index).ok().and_then(|index| items.into_iter().nth(index));
                item.unwrap_or_else(|| self.cannot("an index beyond the list"))
            }
            _ => self.cannot("an index of what is not known"),
        }
    }

    fn binary(&self, operator: &str, left: &Node, right: &Node) -> Value {
        let left = self.value(left);
        match (operator, &left) {
            ("&&", Value::Bool(false)) => return Value::Bool(false),
            ("||", Value::Bool(true)) => return Value::Bool(true),
            _ => {}
        }
        match (operator, left, self.value(right)) {
            ("&&" | "||", Value::Bool(_), Value::Bool(right)) => Value::Bool(right),
            ("+", Value::Int(left), Value::Int(right)) => Value::Int(left + right),
            ("*", Value::Int(left), Value::Int(right)) => Value::Int(left * right),
            (">", Value::Int(left), Value::Int(right)) => Value::Bool(left > right),
            ("==", left, right) => self.equal(&left, &right).map_or_else(|why| why, Value::Bool),
            ("!=", left, right) => {
                self.equal(&left, &right).map_or_else(|why| why, |same| Value::Bool(!same))
            }
            (operator, ..) => self.cannot(&format!("`{operator}` of what is not known")),
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> Result<bool, Value> {
        let decided = |value: &Value| match value {
            Value::Text(text) => text.exact,
            value => value.unknown().is_none(),
        };
        if left == right || (decided(left) && decided(right)) {
            return Ok(left == right);
        }
        Err(self.cannot("a comparison with what only Azure knows"))
    }
}

/// `‹kind name›` and what follows it.
fn name_in_symbol(symbol: &str) -> Option<&str> {
    let inside = symbol.strip_prefix('‹')?.strip_suffix('›')?;
    inside.split_once(' ').map(|(_, name)| name)
}

fn symbol_property(symbol: &str, property: &str) -> Value {
    match name_in_symbol(symbol) {
        Some(name) if property == "name" => {
            let own = name.rsplit('/').next().unwrap_or(name);
            Value::Text(Text { text: own.to_owned(), exact: !own.contains('‹') })
        }
        _ => Value::Text(Text { text: format!("{symbol}.{property}"), exact: false }),
    }
}

//! Converts a snapshot to values.

use serde_json::Value as Json;

use super::{
    expression::{Expression, parse},
    functions::{self, cannot},
};
use crate::value::{Text, Value};

/// The name of a lambda's item.
type Local<'l> = Option<(&'l str, &'l Value)>;

/// A value of JSON, with the expressions in it worked out.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::String(written) => text(written),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(properties) => {
            let each = properties.iter().map(|(key, inner)| (key_of(key), value(inner)));
            Value::Object(each.collect())
        }
        other => Value::from(other),
    }
}

/// A string: an expression if it is in brackets, else itself. Two brackets at the beginning are one literal bracket.
pub(super) fn text(written: &str) -> Value {
    if let Some(meant) = written.strip_prefix("[[") {
        return Value::exact(format!("[{meant}"));
    }
    let Some(inside) = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Value::exact(written);
    };
    parse(inside).map_or_else(|| cannot(&format!("`{written}` is not read here")), |one| work_out(&one, None))
}

fn key_of(key: &str) -> String {
    text(key).text().unwrap_or(key).to_owned()
}

/// An expression's value.
fn work_out(expression: &Expression, local: Local<'_>) -> Value {
    match expression {
        Expression::Text(text) => Value::exact(text),
        Expression::Int(number) => Value::Int(*number),
        Expression::Member(of, name) => member(&work_out(of, local), name),
        Expression::Index(of, index) => match (work_out(of, local), work_out(index, local)) {
            (Value::List(items), Value::Int(index)) => {
                let found = usize::try_from(index).ok().and_then(|index| items.get(index));
                found.cloned().unwrap_or_else(|| cannot(&format!("there is no item {index}")))
            }
            (of, Value::Text(name)) => member(&of, &name.text),
            _ => cannot("an item of what is no list"),
        },
        Expression::Call(name, arguments) => call(name, arguments, local),
    }
}

fn call(name: &str, arguments: &[Expression], local: Local<'_>) -> Value {
    if let ("filter", [list, Expression::Call(lambda, parts)]) = (name, arguments)
        && lambda == "lambda"
    {
        return filter(work_out(list, local), parts);
    }
    let values: Vec<_> = arguments.iter().map(|argument| work_out(argument, local)).collect();
    if let ("lambdaVariables", [Value::Text(name)]) = (name, values.as_slice()) {
        return match local {
            Some((known, value)) if known == name.text => value.clone(),
            _ => cannot(&format!("nothing is called `{}`", name.text)),
        };
    }
    functions::call(name, &values)
}

fn filter(list: Value, lambda: &[Expression]) -> Value {
    let (Value::List(items), [Expression::Text(name), keep]) = (list, lambda) else {
        return cannot("a filter of what is no list");
    };
    let mut kept = Vec::new();
    for item in items {
        match work_out(keep, Some((name, &item))) {
            Value::Bool(true) => kept.push(item),
            Value::Bool(false) => {}
            _ => return cannot("a filter that cannot be decided"),
        }
    }
    Value::List(kept)
}

/// The property of an object; of what only Azure knows, another symbol.
fn member(of: &Value, name: &str) -> Value {
    match of {
        Value::Text(text) if !text.exact => {
            Value::Text(Text { text: format!("{}.{name}", text.text), exact: false })
        }
        Value::Unknown(why) => Value::Unknown(why.clone()),
        of => of.get(name).cloned().unwrap_or_else(|| cannot(&format!("there is no `{name}`"))),
    }
}

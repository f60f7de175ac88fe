//! The forms as schemas, for clients that want to know them beforehand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::forms::{OrderForm, ProductForm};

/// A reference to the schema of what [`parse_order`](super::parse_order) reads.
pub fn new_order_schema(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<OrderForm>()
}

/// A reference to the schema of what [`parse_revision`](super::parse_revision) reads.
pub fn changed_order_schema(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<RevisionForm>()
}

/// A reference to the schema of what [`parse_product`](super::parse_product) reads.
pub fn new_product_schema(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<ProductForm>()
}

/// The form of a new order without its currency, as [`parse_revision`](super::parse_revision) reads it.
enum RevisionForm {}

impl JsonSchema for RevisionForm {
    fn schema_name() -> Cow<'static, str> {
        "ChangedOrder".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = OrderForm::json_schema(schemas);
        schema
            .insert("description".to_owned(), "What an order is to say instead; its currency stays.".into());
        if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            members.shift_remove("currency");
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "currency");
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::{Map, json};

    use super::*;
    use crate::{problem::Problem, validation};

    /// Values for a member of a body: each kind, and each limit from both sides.
    fn values() -> Vec<Value> {
        let texts =
            ["", "A", "a", "-A", "A-", "EUR", "eur", "XXX", "EURO", "ü", "ring twice", "a\nb", "a\u{85}"];
        let longer = [32, 33, 64, 65, 200, 201, 500, 501];
        let numbers = [-1, 0, 1, 10_000, 10_001, 1_000_000_000, 1_000_000_001, i64::MAX];
        let line = |index| json!({"sku": format!("A{index}"), "quantity": 1});
        let lists = [0, 1, 100, 101].map(|length| (0..length).map(line).collect::<Vec<_>>());
        let texts = texts.into_iter().map(Value::from);
        texts
            .chain(
                longer.iter().flat_map(|&length| ["A".repeat(length), "ü".repeat(length)]).map(Value::from),
            )
            .chain(numbers.map(Value::from))
            .chain(lists.map(Value::from))
            .chain([json!(null), json!(true), json!(false), json!(1.5), json!(1e300), json!({}), json!([7])])
            .collect()
    }

    /// The good body, and every body with one member taken out, put in, or of another value.
    fn around(good: &Map<String, Value>) -> Vec<Value> {
        let mut bodies = vec![Value::Object(good.clone())];
        for name in good.keys().map(String::as_str).chain(["other"]) {
            let mut without = good.clone();
            without.shift_remove(name);
            bodies.push(without.into());
            for value in values() {
                let mut with = good.clone();
                with.insert(name.to_owned(), value);
                bodies.push(with.into());
            }
        }
        bodies
    }

    /// As [`around`], with changes within a line of the order.
    fn around_a_line(good: &Map<String, Value>) -> Vec<Value> {
        let line = json!({"sku": "ESPRESSO-1KG", "quantity": 2});
        let lines = around(line.as_object().unwrap());
        let with = |line: Value| {
            let mut body = good.clone();
            body.insert("lines".to_owned(), json!([{"sku": "FIRST", "quantity": 1}, line]));
            body.into()
        };
        lines.into_iter().map(with).collect()
    }

    /// The schema accepts a body exactly when the parser does.
    fn agree<T>(
        schema: fn(&mut SchemaGenerator) -> Schema,
        parse: fn(&[u8]) -> Result<T, Problem>,
        bodies: &[Value],
    ) {
        let mut schemas = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let mut whole = schema(&mut schemas);
        whole.insert("$defs".to_owned(), schemas.take_definitions(true).into());
        let validator = jsonschema::validator_for(whole.as_value()).unwrap();
        assert!(validator.is_valid(&bodies[0]), "{}", bodies[0]);
        for body in bodies {
            let taken = parse(body.to_string().as_bytes()).is_ok();
            assert_eq!(validator.is_valid(body), taken, "{body}");
        }
    }

    #[test]
    fn each_form_schema_accepts_what_its_parser_accepts() {
        let order = json!({
            "reference": "PO-17", "currency": "EUR", "lines": [{"sku": "CUP", "quantity": 2}], "note": "x",
        });
        let mut revision = order.as_object().unwrap().clone();
        let product = json!({"name": "Cup", "currency": "EUR", "unitPrice": 1, "active": true});
        let order = order.as_object().unwrap();
        agree(new_order_schema, validation::parse_order, &[around(order), around_a_line(order)].concat());
        revision.shift_remove("currency");
        agree(
            changed_order_schema,
            validation::parse_revision,
            &[around(&revision), around_a_line(&revision)].concat(),
        );
        agree(new_product_schema, validation::parse_product, &around(product.as_object().unwrap()));
    }
}

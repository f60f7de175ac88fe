//! Reads a value as a type, and says where it is of another form.

use std::fmt::Display;

use serde::{
    Deserialize as _, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
        value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::{
    JsonError, Position,
    node::{Kind, Node},
};

pub(super) fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, JsonError> {
    T::deserialize(node).map_err(|fault| fault.at(node.position))
}

/// What is wrong; the innermost value that was looked at says where.
#[derive(Debug)]
pub(super) struct Fault {
    position: Option<Position>,
    what: String,
}

impl Fault {
    fn at(self, position: Position) -> JsonError {
        JsonError { position: self.position.unwrap_or(position), what: self.what }
    }

    fn within(self, position: Position) -> Self {
        Self { position: self.position.or(Some(position)), what: self.what }
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: Display>(what: T) -> Self {
        Self { position: None, what: what.to_string() }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = match &self.kind {
            Kind::Undefined | Kind::Scalar(Value::Null) => visitor.visit_unit(),
            Kind::Scalar(value) => {
                value.deserialize_any(visitor).map_err(|error| Fault::custom(error.to_string()))
            }
            Kind::List(items) => visitor.visit_seq(Items(items.iter())),
            Kind::Object(members) => visitor.visit_map(Members { left: members.iter(), value: None }),
        };
        read.map_err(|fault| fault.within(self.position))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.kind {
            Kind::Undefined | Kind::Scalar(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text = String::deserialize(self)?;
        let text: StrDeserializer<'_, Fault> = text.as_str().into_deserializer();
        text.deserialize_enum(name, variants, visitor).map_err(|fault| fault.within(self.position))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let item = self.0.next();
        item.map(|node| seed.deserialize(node).map_err(|fault| fault.within(node.position))).transpose()
    }
}

struct Members<'de> {
    left: std::slice::Iter<'de, (String, Node)>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, node)) = self.left.next() else { return Ok(None) };
        self.value = Some(node);
        let name: StrDeserializer<'_, Fault> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|fault| fault.within(node.position))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let node = self.value.take().ok_or_else(|| Fault::custom("a value without a name"))?;
        seed.deserialize(node).map_err(|fault| fault.within(node.position))
    }
}

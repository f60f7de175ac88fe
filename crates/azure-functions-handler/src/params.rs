//! Route parameters and query parameters as values of the app.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{Error as ValueError, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::Rejection;

/// The parameters of the route, percent-decoded once: one value, a tuple in the route's sequence, a struct or a map with
/// their names. A slash that the caller encoded is a slash in a value; a host that proxies encodes it once more, and it is
/// `%2F` there. Do not put free text into a path. An `Option` is none where `{name?}` at the end misses its segment.
///
/// axum's own `Path` reads what only axum's router sets, and so works only in a router that is registered with
/// [`http_service`](crate::Functions::http_service).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Path<T>(pub T);

/// The parameters of the query: a struct or a map with their names, or a list of pairs where names are repeated. A host
/// that forwards without proxying joins the values of one name by commas. An `Option` is none where there is no query.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Query<T>(pub T);

/// The query as the caller sent it, without `?`; empty when there is none.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RawQuery(pub String);

/// The route parameters of a request, by name.
#[derive(Clone, Debug)]
pub(crate) struct RouteParameters(pub(crate) Vec<(&'static str, String)>);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let RouteParameters(params) = parts.extensions.get().ok_or(Rejection::NotBound("Path"))?;
        let pairs = params.iter().map(|(name, value)| (Text((*name).to_owned()), Text(value.clone())));
        T::deserialize(Pairs { pairs: pairs.collect(), of_path: true })
            .map(Path)
            .map_err(|error| Rejection::Path(error.to_string()))
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let pairs = query_pairs(parts.uri.query().unwrap_or_default());
        let pairs = pairs.map(|(name, value)| (Text(name), Text(value)));
        T::deserialize(Pairs { pairs: pairs.collect(), of_path: false })
            .map(Query)
            .map_err(|error| Rejection::Query(error.to_string()))
    }
}

impl<S: Sync> FromRequestParts<S> for RawQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.uri.query().unwrap_or_default().to_owned()))
    }
}

/// The parameters of a query, decoded, in its sequence.
pub(crate) fn query_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
}

fn decoded(part: &str) -> String {
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Implements the deserializer methods for these types by reading the only parameter.
macro_rules! forward_to_one {
    ($($method:ident)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            self.one()?.$method(visitor)
        }
    )+ };
}

/// Implements the deserializer methods that parse a text as a number or a Boolean.
macro_rules! parse {
    ($($method:ident => $visit:ident)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(error) => Err(serde::de::Error::custom(format!("`{}`: {error}", self.0))),
            }
        }
    )+ };
}

/// Parameters as serde reads them.
struct Pairs {
    pairs: Vec<(Text, Text)>,
    /// A list is one of values in a path, and one of pairs in a query.
    of_path: bool,
}

/// A single text, which serde can read as any type.
#[derive(Clone)]
struct Text(String);

impl<'de> Deserializer<'de> for Pairs {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match <[_; 1]>::try_from(self.pairs) {
            Ok([(_, one)]) if self.of_path => one.deserialize_any(visitor),
            Ok(one) => visitor.visit_map(MapDeserializer::new(one.into_iter())),
            Err(pairs) => visitor.visit_map(MapDeserializer::new(pairs.into_iter())),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_map(MapDeserializer::new(self.pairs.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.of_path {
            let values = self.pairs.into_iter().map(|(_, value)| value);
            return visitor.visit_seq(SeqDeserializer::new(values));
        }
        let pairs = self.pairs.into_iter().map(|(name, value)| Pair(vec![name, value]));
        visitor.visit_seq(SeqDeserializer::new(pairs))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ValueError> {
        if length != self.pairs.len() {
            let what = format!("{length} parameters are read, but there are {}", self.pairs.len());
            return Err(serde::de::Error::custom(what));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }

    forward_to_one! {
        deserialize_bool
        deserialize_i8
        deserialize_i16
        deserialize_i32
        deserialize_i64
        deserialize_i128
        deserialize_u8
        deserialize_u16
        deserialize_u32
        deserialize_u64
        deserialize_u128
        deserialize_f32
        deserialize_f64
        deserialize_char
        deserialize_str
        deserialize_string
        deserialize_bytes
        deserialize_byte_buf
        deserialize_identifier
    }

    /// No parameter deserializes as `None`.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.pairs.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.one()?.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! { unit_struct tuple_struct ignored_any }
}

impl Pairs {
    fn one(self) -> Result<Text, ValueError> {
        let (count, of_path) = (self.pairs.len(), self.of_path);
        match <[_; 1]>::try_from(self.pairs) {
            Ok([(_, one)]) if of_path => Ok(one),
            _ => Err(serde::de::Error::custom(if of_path {
                format!("one value is read, but the path has {count}")
            } else {
                "one value is read, but a query has names: read a struct or a map".to_owned()
            })),
        }
    }
}

impl<'de> Deserializer<'de> for Text {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.0)
    }

    parse! {
        deserialize_bool => visit_bool
        deserialize_i8 => visit_i8
        deserialize_i16 => visit_i16
        deserialize_i32 => visit_i32
        deserialize_i64 => visit_i64
        deserialize_i128 => visit_i128
        deserialize_u8 => visit_u8
        deserialize_u16 => visit_u16
        deserialize_u32 => visit_u32
        deserialize_u64 => visit_u64
        deserialize_u128 => visit_u128
        deserialize_f32 => visit_f32
        deserialize_f64 => visit_f64
        deserialize_char => visit_char
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, ValueError> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A name with its value, of a query.
struct Pair(Vec<Text>);

impl<'de> Deserializer<'de> for Pair {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, ValueError> for Pair {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

//! What spans and events carry.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer as _, de::DeserializeOwned};
use serde_json::Serializer;
use tracing::field::{Field, Visit};

use super::chain::chain;

/// Fields as JSON text: numbers and truth values as such, all else as strings; of two with one name, the later one in
/// the place of the first. There are so few that a linear search is the quickest. A cleared value keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The values, one after the other, replaced ones included.
    text: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    name: &'static str,
    start: usize,
    end: usize,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    pub(super) fn insert(&mut self, name: &'static str, value: &(impl Serialize + ?Sized)) {
        self.write(name, |text| value.serialize(&mut Serializer::new(text)));
    }

    /// Takes over all fields of others.
    pub(super) fn extend(&mut self, others: &Self) {
        for (name, json) in others.iter() {
            let start = self.text.len();
            self.text.extend_from_slice(json);
            self.put(name, start);
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.places.retain(|place| place.name != name);
    }

    /// Each name with its JSON text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.places.iter().map(|place| (place.name, &self.text[place.start..place.end]))
    }

    /// The JSON text of the field of this name.
    pub(super) fn json(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == name).map(|(_, json)| json)
    }

    /// The field of this name, if it is of this type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(self.json(name)?).ok()
    }

    /// The field of this name, if it is a text that JSON leaves as it is.
    pub(super) fn plain_text(&self, name: &str) -> Option<&str> {
        let text = self.json(name)?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        str::from_utf8(text).ok().filter(|text| !text.contains('\\'))
    }

    fn write(
        &mut self,
        name: &'static str,
        value: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>,
    ) {
        let start = self.text.len();
        value(&mut self.text).expect("a vector takes everything, and no field is a map");
        self.put(name, start);
    }

    /// Names what was written since `start`.
    fn put(&mut self, name: &'static str, start: usize) {
        let place = Place { name, start, end: self.text.len() };
        match self.places.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = place,
            None => self.places.push(place),
        }
    }

    fn record(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        self.insert(name(field), value);
    }
}

fn name(field: &Field) -> &'static str {
    let name = field.name();
    name.strip_prefix("r#").unwrap_or(name)
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(name(field), |text| Serializer::new(text).collect_str(&format_args!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record(field, &chain(value));
    }
}

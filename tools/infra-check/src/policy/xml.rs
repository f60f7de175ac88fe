//! Parses an API Management policy file into a tree of elements.

use quick_xml::{Reader, events::Event};

/// An element, its attributes and what is in it; comments are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// In the sequence of the file, as written.
    pub attributes: Vec<(String, String)>,
    /// The text directly in it.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// The text is no XML with one root.
#[derive(Debug, thiserror::Error)]
#[error("this is no XML: {0}")]
pub struct XmlError(String);

impl Element {
    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a file.
///
/// # Errors
/// When it is not well formed.
pub fn read(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| XmlError(error.to_string()))? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let made = element(&start)?;
                last(&mut open)?.children.push(made);
            }
            Event::End(_) => {
                let done = open.pop().ok_or_else(|| XmlError("an end without a start".to_owned()))?;
                last(&mut open)?.children.push(done);
            }
            Event::Text(text) => {
                last(&mut open)?.text.push_str(text.trim());
            }
            Event::Comment(_) | Event::Decl(_) => {}
            Event::Eof => break,
            other => return Err(XmlError(format!("{other:?} has no place in a policy"))),
        }
    }
    match (open.len(), open.pop().map(|mut root| (root.children.len(), root.children.pop()))) {
        (1, Some((1, Some(root)))) => Ok(root),
        _ => Err(XmlError("it has not exactly one root".to_owned())),
    }
}

fn last(open: &mut [Element]) -> Result<&mut Element, XmlError> {
    open.last_mut().ok_or_else(|| XmlError("an end without a start".to_owned()))
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Result<Element, XmlError> {
    let mut made = Element { name: start.name().into_inner().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| XmlError(error.to_string()))?;
        let key = attribute.key.into_inner().to_owned();
        let value = attribute.value.into_owned();
        if value.contains('&') {
            return Err(XmlError(format!("`{key}` holds a reference, which the gateway would not resolve")));
        }
        made.attributes.push((key, value));
    }
    Ok(made)
}

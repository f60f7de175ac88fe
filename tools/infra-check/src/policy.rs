//! What the gateway does to a request: the policies of all scopes, put together as the gateway does.

mod compose;
mod supported;
mod xml;

pub use compose::{Step, compose};
pub use supported::faults;
pub use xml::{Element, XmlError, read};

//! The gateway's processing of a request: the policies of all scopes, combined as the gateway does.

mod compose;
mod supported;
mod xml;

pub use compose::{Step, compose};
pub use supported::faults;
pub use xml::{Element, XmlError, read};

//! The gateway's processing of a request: the policies of all scopes, combined as the gateway does.

mod compose;
mod supported;
mod xml;

pub use compose::{AppliedPolicy, effective_policies};
pub use supported::find_unsupported;
pub use xml::{Element, XmlError, read};

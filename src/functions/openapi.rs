//! The OpenAPI document of the HTTP functions, and the entry of each of them.

mod document;
pub(crate) mod headers;
mod operation;
mod parameters;
mod schemas;

#[cfg(test)]
mod tests;

pub(crate) use document::{HttpFunction, document};
pub(crate) use operation::OpenApiOperation;
pub(crate) use operation::{Tag, schema};
pub(crate) use parameters::Parameter;

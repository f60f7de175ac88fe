//! Bicep as far as this project writes it: parsed, and evaluated to the resources that would be deployed.

mod deployment;
mod evaluate;
mod functions;
mod parse;
mod path;
mod read;
mod sources;
mod syntax;
mod value;

pub use deployment::{Deployment, Resource, deploy};
pub use parse::{SyntaxError, parse};
pub use path::{Step, steps};
pub use sources::{Sources, SourcesError};
pub use syntax::{Body, Declaration, Expression, File, Node, Piece, Property, What};
pub use value::{Text, Value};

//! Reads which modules of a crate name which, and finds the cycles among them.
//!
//! Two modules that need each other are one module in two files: a reader has to understand both at once. The rule:
//!
//! - A module needs another one if its code names an item that is *defined* there. A re-export is a signpost: a path
//!   that passes through one leads on to the definition, and a module that only re-exports what its own children define
//!   does not need them. A module that only declares its children does not need them either.
//! - The modules are compared level by level. Each module consists of its own file and its children, a child with
//!   everything below it. No cycle may lead through them.
//!
//! So siblings never form a cycle, at any depth of the names between them. A child may name an item of the file that
//! declares it as long as that file declares or re-exports the child and no more.
//!
//! A path counts in every place: a `use`, an expression, a type, an attribute or the tokens of a macro. What only the
//! compiler can resolve, such as the type behind a method call, does not count; neither do doc comments and code under
//! `cfg(test)`.

mod error;
mod cycles;
mod members;
mod read;
mod resolve;
mod tokens;
mod tree;

pub use self::{
    cycles::{Cycle, Edge, Graph},
    error::Error,
    members::{CrateRoot, crate_roots},
};

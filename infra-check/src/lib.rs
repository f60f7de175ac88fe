//! Reads the infrastructure as Bicep means it, and holds it against the controls.
//!
//! [`bicep`] parses the files and works out what they would deploy for one choice of parameters; a value that nobody can
//! know before the deployment stays a symbol. [`assertions`] is the table of what every deployment has to have;
//! [`schema`] knows the properties that Azure publishes; [`policy`] puts together what the gateway does to a request;
//! [`capacity`] counts connections; [`parameters`] refuses what Bicep cannot; [`live`] reads what
//! Azure says afterwards; [`queries`] reads what alerts expect of the log; [`picture`] draws it.

pub mod assertions;
pub mod bicep;
pub mod capacity;
pub mod live;
pub mod mutation;
pub mod parameters;
pub mod picture;
pub mod policy;
pub mod queries;
pub mod schema;
pub mod worlds;

//! Reads what the official compiler of Bicep says would be deployed, and holds it against the controls.
//!
//! [`variants`] are the choices of parameters, each with a committed [`snapshot`] of what the [`compiler`] makes of
//! it; a value that only Azure knows stays a symbol in it. [`inputs`] checks whether the snapshots were made from the
//! current files. [`assertions`] is the table of what every deployment has to have; [`schema`] knows the properties
//! that Azure publishes; [`policy`] puts together what the gateway does to a request; [`import`] says what of the
//! API's description comes through; [`capacity`] counts connections; [`parameters`] refuses what Bicep cannot;
//! [`live`] reads what Azure says afterwards; [`queries`] reads what alerts expect of the log; [`workflow`] reads what
//! is deployed in which sequence; [`picture`] draws it.

pub mod assertions;
pub mod capacity;
pub mod compiler;
pub mod deployment;
pub mod import;
pub mod inputs;
pub mod live;
pub mod mutation;
pub mod parameters;
pub mod diagram;
pub mod policy;
pub mod queries;
pub mod schema;
pub mod snapshot;
pub mod value;
pub mod workflow;
pub mod variants;

//! Reads the deployment that Bicep's official compiler predicts, and checks it against the controls.
//!
//! - [`variants`] are the deployment parameters that are checked. Each has a [`snapshot`], which the [`compiler`] made;
//!   a value that only Azure knows stays a symbol in it. [`inputs`] checks whether the snapshots were made from the
//!   current files.
//! - [`assertions`] lists the required properties of every deployment. [`schema`] knows the properties that Azure
//!   publishes, [`capacity`] counts connections, and [`parameters`] refuses values that Bicep cannot refuse.
//! - [`policy`] combines the gateway's policies. [`openapi_import`] predicts what the gateway takes from the OpenAPI document.
//! - [`live`] compares Azure's answers after a deployment. [`queries`] checks the log fields that alerts read,
//!   [`workflow`] reads GitHub's workflows, and [`diagram`] draws the deployment.

pub mod assertions;
pub mod capacity;
pub mod compiler;
pub mod deployment;
pub mod openapi_import;
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

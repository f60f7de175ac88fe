//! An Azure Functions custom handler that takes, authorises, stores and fulfils orders.
//!
//! The modules read as one invocation does. The crate `azure-functions-handler` turns what the Functions host sends
//! into a request. [`functions`] registers each function and holds one handler for each; [`identity`] says who is
//! calling, [`policy`] whether they may, [`rate_limit`] how often; [`validation`] says whether the request is well
//! formed; [`orders`] is what it means; [`store`] keeps it. [`response`] is what every answer carries, [`problem`]
//! every way to refuse, [`audit`] logs who was refused what and what was changed.
//!
//! Around them stand [`config`], [`limits`] with the number of every bound, [`telemetry`], the [`clock`], the clients
//! of [`https`], the app's identity in [`azure`], the [`vault`] and its [`secret`]s, what a [`pem`] text holds, the
//! [`rotation`] of secrets and certificates, and the [`fulfilment`] backend. The settings of each stand with it, and
//! [`config`] reads them from the environment. The [`doctor`] checks a deployment against the controls, and
//! [`startup`] reports why a process cannot serve.
//!
//! The module `orders` uses none of the others, and a test enforces it: it contains no HTTP, SQL or Azure. From the
//! handler crate it uses the trace context of a message. The store takes permits, not callers; nothing but `functions`
//! knows both a request and the store.

pub mod config;
pub mod telemetry;
pub mod identity;
pub mod policy;
pub mod rate_limit;
pub mod limits;
pub mod audit;
pub mod validation;
pub mod problem;
pub mod response;
pub mod functions;
pub mod orders;
pub mod store;
pub mod fulfilment;
pub mod secret;
pub mod pem;
pub mod vault;
pub mod rotation;
pub mod azure;
pub mod clock;
pub mod https;
pub mod doctor;
pub mod startup;
mod json;

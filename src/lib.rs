//! An Azure Functions custom handler that takes, authorises, stores and fulfils orders.
//!
//! The modules read as one invocation does. [`host`] turns what the Functions host sends into a call;
//! [`identity`] says who is calling, [`policy`] whether they may, [`validation`] whether the request is well
//! formed; [`functions`] holds one handler a function; [`orders`] is what it means; [`store`] keeps it;
//! [`problem`] is every way to say no. Arrows point down this list only: `host` knows nothing of orders,
//! `orders` knows nothing of HTTP, SQL or Azure.

pub mod config;
pub mod telemetry;
pub mod host;
pub mod identity;
pub mod policy;
pub mod validation;
pub mod problem;
pub mod functions;
pub mod orders;
pub mod store;
pub mod fulfilment;
pub mod clock;

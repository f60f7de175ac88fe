//! Real servers for tests. Each is found on the machine or installed from a registry, runs in a temporary folder on
//! a free port of the loopback address, and ends with the process that started it, however that process ends.
//!
//! Nothing here is shipped. A server that cannot be had is an error and never a skipped test.

pub mod authority;
pub mod azurite;
pub mod backend;
pub mod tls_proxy;
pub mod handler;
mod http;
pub mod identity_endpoint;
pub mod pgbouncer;
pub mod port;
pub mod postgres;
pub mod proxy;
pub mod vault;

pub use authority::{Authority, Issued, Leaf};
pub use backend::{Backend, BackendResponse, ReceivedRequest};
pub use handler::{Handler, HandlerError};
pub use identity_endpoint::IdentityEndpoint;
pub use pgbouncer::{PgBouncer, PgBouncerError};
pub use postgres::{Database, Postgres, PostgresError};
pub use proxy::TcpProxy;
pub use tls_proxy::TlsProxy;
pub use vault::{Vault, VaultBehavior, VaultSecret};

//! The protocol of the Functions host, through a real listener: bytes in, bytes out.
#![expect(clippy::unwrap_used, reason = "what helps a test may fail as the test may")]

mod answers;
mod app;
mod concurrency;
mod connections;
mod direct;
mod envelope;
mod front;
mod limits;
mod log;
mod outage;
mod recordings;
mod served;
mod stop;
mod values;
mod wire;

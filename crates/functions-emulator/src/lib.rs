//! Stands in for the Azure Functions host, for App Service Authentication in front of it and for the
//! storage queues behind it, on a laptop, for any custom handler.
//!
//! One request, top to bottom: the [`easyauth`] takes it, strips what only the platform may say and adds who
//! is calling; [`listener`] finds the function by its route and checks its key; [`invoke`] brings it to the
//! worker as a proxied request, a forwarded request or an envelope, and its answer back. Messages come from
//! the [`queues`] through [`queue_listener`], ticks from [`timers`], both as envelopes. The worker's process
//! belongs to an [`instance`]; three strikes end it, and a [`supervisor`] starts the next one.
//!
//! Facts about the real host come from its source and from exchanges recorded from its running code
//! (`tests/recordings/`).

mod admin;
pub mod app;
mod body;
mod build_status;
mod manual_run;
pub mod clock;
mod console;
mod cors;
pub mod event;
mod events;
pub mod easyauth;
pub mod emulator_file;
mod home_page;
mod host;
mod host_line;
mod ids;
pub mod instance;
pub mod invoke;
pub mod issuer;
mod level;
pub mod access_keys;
pub mod listener;
pub mod local_settings;
mod loopback_guard;
mod net_json;
mod options;
mod otlp;
mod path;
pub mod users;
mod query;
pub mod queue_listener;
pub mod queues;
pub mod rebuild;
#[cfg(test)]
mod schemas;
mod cancellation;
pub mod supervisor;
mod terminal_text;
mod throttle;
pub mod timers;
mod traces;
mod traffic;
pub mod worker;

pub use build_status::BuildStatus;
pub use event::Event;
pub use events::Events;
pub use functions_lint::route;
pub use options::{ConsoleOptions, Options, StartError};
pub use supervisor::Emulator;

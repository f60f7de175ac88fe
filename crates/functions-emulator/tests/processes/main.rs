//! What the host promises about its worker's process, its queues and its timers. The worker is
//! `examples/echo_worker.rs`, always a child process; queues and timers follow a clock that the test turns.

mod admin;
mod app;
mod around;
mod comfort;
mod command;
mod console;
mod emulator_file;
mod help;
mod invoke;
mod message_faults;
mod new;
mod new_languages;
mod otlp_variables;
mod queue_functions;
mod queues;
mod reading;
mod remote;
mod remote_commands;
mod rebuild;
mod recorded;
mod samples;
mod storage_functions;
mod supervisor;
mod timers;
mod worker;

//! Every rule passes on a sound app, finds the app that is broken for it, and says nothing of what it has not seen.

mod every_rule;
mod folder;
mod functions;
mod host_json;
mod programs;
mod settings;

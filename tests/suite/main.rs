//! The promises of the worker, kept through its public entrance: the real binary, a child process of the local host,
//! called in each of the host's three ways.

mod support;

mod access;
mod alike;
mod apart;
mod audit;
mod bare_root;
mod canaries;
mod certificates;
mod changes;
mod crash;
mod database_tls;
mod database_token;
mod dead_letters;
mod depth;
mod description;
mod differences;
mod doctor;
mod entrances;
mod fulfilment;
mod functions;
mod health;
mod history;
mod hostile;
mod ingest;
mod invocation;
mod keys;
mod logs;
mod orders;
mod outages;
mod migrate;
mod poison;
mod processing;
mod products;
mod queue_server;
mod rate;
mod refusals;
mod relay;
mod replay;
mod settings;
mod startup;
mod traces;
mod unread_log;
mod vocabulary;

//! Route templates and how they match (protocol sheet §6).

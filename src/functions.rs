//! The list of functions, and one handler each.

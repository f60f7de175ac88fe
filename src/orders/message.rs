//! The messages between our functions.

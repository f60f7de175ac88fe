//! Text that is valid because it exists.

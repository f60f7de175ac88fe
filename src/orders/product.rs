//! What can be ordered, and for how much.

//! What happened to an order, and who did it.

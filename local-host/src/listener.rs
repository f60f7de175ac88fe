//! The public side: finds the function by its route, checks its key, hands it to the invoker.

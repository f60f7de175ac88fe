//! Puts a deadline, a panic guard and one log line around an invocation.

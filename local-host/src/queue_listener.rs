//! Polls a queue, renews leases, invokes, settles, retries, poisons (protocol sheet §5.2).

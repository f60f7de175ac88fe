//! SQLite: the store of a laptop. WAL, a busy timeout, foreign keys, one writer.

//! JSON log lines on stdout.

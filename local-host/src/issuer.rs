//! The local issuer: real RS256 tokens, its metadata and its key set.

//! The public side: finds the function by its route, checks its key, hands it to the invoker.

/// A request's or answer's body on the public side.
pub type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, std::io::Error>;

//! Turns away what only pretends to come from the host (host issue 6251).

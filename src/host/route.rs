//! Matches a path against a route template, as the host does.

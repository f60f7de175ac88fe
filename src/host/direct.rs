//! The direct entrance: a real HTTP request on its real path.

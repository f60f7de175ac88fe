//! No code: the manifest alone counts.

fn main() {}

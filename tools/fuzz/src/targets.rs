//! The fuzz targets: every decoder of bytes that somebody else wrote.

mod cursor;
mod envelope;
mod message;
mod order;
mod path;
mod principal;
mod product;
mod problem;

use path::path;

/// A decoder and the laws that hold for it.
pub struct Target {
    /// The target's name on the command line, and its corpus's folder.
    pub name: &'static str,
    /// Takes any bytes, panics where a law does not hold, and returns the path that it took as a number.
    pub run: fn(&[u8]) -> u64,
    /// Words that mean something to it.
    pub dictionary: &'static [&'static str],
}

/// All targets.
pub const ALL: [Target; 6] = [
    Target { name: "envelope", run: envelope::run, dictionary: envelope::WORDS },
    Target { name: "principal", run: principal::run, dictionary: principal::WORDS },
    Target { name: "order", run: order::run, dictionary: order::WORDS },
    Target { name: "product", run: product::run, dictionary: product::WORDS },
    Target { name: "message", run: message::run, dictionary: message::WORDS },
    Target { name: "cursor", run: cursor::run, dictionary: cursor::WORDS },
];

/// The target of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Target> {
    const { &ALL }.iter().find(|target| target.name == name)
}

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

/// A decoder under test, and the properties that must hold for every input.
pub struct FuzzTarget {
    /// The target's name on the command line, and its corpus's folder.
    pub name: &'static str,
    /// Takes any bytes, panics where a law does not hold, and returns the path that it took as a number.
    pub run: fn(&[u8]) -> u64,
    /// Words that have a meaning in the input of this decoder.
    pub dictionary: &'static [&'static str],
}

/// All targets.
pub const FUZZ_TARGETS: [FuzzTarget; 6] = [
    FuzzTarget { name: "envelope", run: envelope::run, dictionary: envelope::WORDS },
    FuzzTarget { name: "principal", run: principal::run, dictionary: principal::WORDS },
    FuzzTarget { name: "order", run: order::run, dictionary: order::WORDS },
    FuzzTarget { name: "product", run: product::run, dictionary: product::WORDS },
    FuzzTarget { name: "message", run: message::run, dictionary: message::WORDS },
    FuzzTarget { name: "cursor", run: cursor::run, dictionary: cursor::WORDS },
];

/// Finds the fuzz target with this name.
#[must_use]
pub fn find_target(name: &str) -> Option<&'static FuzzTarget> {
    const { &FUZZ_TARGETS }.iter().find(|target| target.name == name)
}

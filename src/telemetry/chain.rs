//! An error with its causes.

use std::{error::Error, iter::successors};

/// An error and what led to it, in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

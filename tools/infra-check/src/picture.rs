//! The picture of the deployed system, drawn from `infra/picture.txt`: boxes on a grid, and straight arrows.

mod draw;
mod read;

pub use read::{Fault, Picture};

/// Draws it as SVG that can be read on light and on dark screens.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    draw::svg(picture)
}

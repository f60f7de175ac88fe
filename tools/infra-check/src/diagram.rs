//! The picture of the deployed system, drawn from `infra/diagram.txt`: boxes on a grid, and straight arrows.

mod draw;
mod read;

pub use read::{Diagram, DiagramError};

/// Draws it as SVG that can be read on light and on dark screens.
#[must_use]
pub fn svg(diagram: &Diagram) -> String {
    draw::svg(diagram)
}

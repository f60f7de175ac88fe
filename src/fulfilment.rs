//! The backend that carries orders out.

use crate::{orders::Order, store::Decision};

/// Where orders go.
#[derive(Clone, Copy, Debug, Default)]
pub enum Backend {
    /// The stand-in of a laptop: accepts every order, in process.
    #[default]
    StandIn,
}

impl Backend {
    /// Asks the backend to carry an order out.
    #[must_use]
    pub fn carry_out(self, order: &Order) -> Decision {
        match self {
            Self::StandIn => {
                tracing::debug!(order_id = %order.id, "the stand-in accepts order {}", order.id);
                Decision::Fulfilled
            }
        }
    }
}

//! The backend that carries orders out.

use chrono::{DateTime, Utc};

use crate::{orders::Order, store::Decision, telemetry::Event};

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
                Event::StandInAccepted { order_id: order.id.uuid() }.log();
                Decision::Fulfilled
            }
        }
    }

    /// When the certificate ends that we show the backend; none where we show none.
    #[must_use]
    pub fn certificate_ends(self) -> Option<DateTime<Utc>> {
        match self {
            Self::StandIn => None,
        }
    }
}

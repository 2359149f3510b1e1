//! What is bought and on its way: the states of purchase orders and shipments, and the pieces of a line.

mod pieces;
mod status;

pub use pieces::{Arrival, InboundPieces};
pub use status::{PurchaseAction, PurchaseStatus, ShipmentAction, ShipmentStatus};

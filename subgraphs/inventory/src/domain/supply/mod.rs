//! What is bought and on its way: the states of purchase orders and shipments, the pieces of a line, and whose they are
//! when they were promised.

mod assign;
mod pieces;
mod status;
mod terms;

pub use assign::{Assigned, Coming, assign, earliest};
pub use pieces::{Arrival, InboundPieces};
pub use status::{PurchaseAction, PurchaseStatus, ShipmentAction, ShipmentStatus};
pub use terms::SellTerms;

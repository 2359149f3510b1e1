//! The rules of orders: what may be done in which state, which pieces move, what is owed, and which step of placing one
//! follows which.

mod change;
mod gate;
mod placement;
mod state;
mod status;
#[cfg(test)]
mod tests;

pub use change::{OrderChange, OrderChanged, Pick, TakeBack, decide_order};
pub use gate::{ByRules, ChannelGate, ChannelWant};
pub use placement::{Outcome, Step};
pub use state::{AwaitedPieces, LineState, OrderState, Piece};
pub(super) use status::names;
pub use status::{Action, Disposition, FinancialStatus, FulfillmentStatus, Ledger, OrderStatus, is_legal};

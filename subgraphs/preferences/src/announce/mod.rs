//! What the rest of the shop is told: changes as events of the bus. `schema/events/` describes their data.

mod event_ids;
mod events;

pub use event_ids::{EventIds, Stamp};
pub use events::{CONSENT_CHANGED, Cause, announce, behaviour_recorded};

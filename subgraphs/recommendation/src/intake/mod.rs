//! How the subgraph learns: it subscribes to the bus, loads the catalog from inventory, and follows events.
//!
//! The subscription is open before the snapshot begins, so that nothing falls between the two; revisions decide which
//! of two statements is newer, so that their order does not matter.

mod apply;
mod backoff;
mod follow;
mod keep;
mod missing;
mod payload;
mod snapshot;

pub use apply::{Applied, apply};
pub use follow::{Intake, IntakeParts};
pub use payload::PayloadError;

//! What the subgraph knows at this moment. Intake writes it, recommending reads it.
//!
//! Three parts, each behind its own lock that is held for microseconds: nobody scans vectors, computes features or
//! waits for I/O with a lock held. Where two locks are needed, `behaviour` is taken before `catalog`, never the other
//! way round.

mod catalog;
mod customers;
mod live;
mod seen;

pub use catalog::{BadgeOutcome, Catalog, SnapshotProduct};
pub use customers::{CustomerView, Seed};
pub use live::{LiveState, StateLimits};

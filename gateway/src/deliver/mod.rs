//! Delivers a response in parts: what is told when, and how it is written. Pure.
//!
//! Which parts there are is up to [`Deferral`](crate::project::Deferral), which projection fills; when their values are
//! there is up to the executor.

mod payload;
mod publisher;
mod raised;

pub use payload::{Completed, Increment, Payload, Pending, initial_bytes};
pub use publisher::{Publisher, WriteTask};
pub use raised::{Raised, RaisedErrors};

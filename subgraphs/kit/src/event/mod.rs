//! The event envelope: CloudEvents 1.0 in JSON with the extension attributes `revision` and `correlationid`.

mod check;
mod envelope;
pub mod schemas;

pub use envelope::Event;

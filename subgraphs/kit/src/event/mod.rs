//! The event envelope: CloudEvents 1.0 in JSON with the extension attributes `revision` and `correlationid`.

mod envelope;

pub use envelope::Event;

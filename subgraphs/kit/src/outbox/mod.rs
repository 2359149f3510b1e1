//! The outbox: events written in the transaction of their cause, then carried to the bus by the relay.

mod measure;
mod port;
mod relay;

pub use port::{Outbox, OutboxEntry, OutboxError, UnreadableEntry, Waiting};
pub use relay::{Relay, RelaySignal};

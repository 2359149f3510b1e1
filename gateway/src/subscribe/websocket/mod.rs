//! graphql-transport-ws, the server's side.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

mod close;
mod connection;
mod messages;
mod operations;
mod upgrade;

pub use connection::{Connection, Connections};
pub use upgrade::{UpgradeError, upgrade};

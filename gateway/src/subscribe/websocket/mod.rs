//! Subscriptions over WebSocket, the server's side: one connection, and a small codec for each protocol.
//!
//! graphql-transport-ws: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>; graphql-ws, which older
//! clients speak: <https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>.

mod close;
mod connection;
mod frames;
mod legacy_ws;
mod messages;
mod operations;
mod outcome;
mod subprotocol;
mod timers;
mod transport_ws;
mod upgrade;

pub use connection::{Connection, Connections};
pub use upgrade::{UpgradeError, upgrade};

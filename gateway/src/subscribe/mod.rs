//! Live data: a hub that holds one upstream per distinct stream and serves any number of clients from it, and the
//! protocols by which they listen.
//!
//! Each event is resolved and encoded once. Per client and key only the newest value waits (conflation), so that a
//! slow client costs its keys and never a growing queue. A newcomer gets the newest value of each key first, then
//! only what follows.

mod conflation;
mod event_streams;
mod hub;
mod limits;
mod listening;
mod port;
mod queue;
mod stream;
mod subscription;
mod upstream;
pub mod websocket;

pub use event_streams::{EventStream, EventStreamError, EventStreams, OpenEventStream};
pub use hub::{Hub, StreamRequest};
pub use limits::{Limit, LimitReached, Limits, Permit};
pub use listening::{Ends, Listening};
pub use port::{Caller, RunOperation, Running};
pub use subscription::Subscription;

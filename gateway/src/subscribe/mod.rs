//! Live data: a hub that holds one stream per distinct subscription and serves any number of clients from it, and the
//! protocols by which they listen. A stream follows a subscription of a subgraph, or events of a bus.
//!
//! Each event is resolved and encoded once. Per client and key only the newest value waits (conflation), so that a
//! slow client costs its keys and never a growing queue. A newcomer gets the newest value of each key first, then
//! only what follows.

mod conflation;
mod event_streams;
mod events;
mod feed;
mod hub;
mod limit;
mod limits;
mod listening;
mod live_query;
mod mailbox;
mod marks;
mod open;
mod port;
mod routes;
mod sharing;
mod sink;
mod stream;
mod subscription;
mod throttle;
mod upstream;
mod waiting;
pub mod websocket;
mod wishes;

pub use event_streams::{EventStream, EventStreamError, EventStreams, OpenEventStream};
pub use events::{LiveEvents, LiveSource};
pub use hub::{Hub, StreamRequest};
pub use limit::{Limit, LimitReached};
pub use limits::{Limits, Permit};
pub use listening::{Ends, Listening};
pub use live_query::{AnswerQuery, LiveQueries, LiveRequest};
pub use mailbox::{Delivery, Mailbox, SubscriptionId};
pub use open::Asked;
pub use port::{Caller, Place, RunOperation, Running};
pub use subscription::{Subscription, Ticket};

//! Subscriptions of a subgraph: many on one WebSocket, or one HTTP request for each.
//!
//! A [`pool`] keeps the WebSockets to one address. What shares one (`key`) has the same caller and the same headers; who
//! comes when there is none waits for one attempt to connect, of which there is at most one for each caller. A `gate`
//! keeps attempts apart when the subgraph is down. Each WebSocket (`link`) has one task (`session`), which reads and
//! writes, shares the events out to the subscriptions (`operation`, each with a bounded `buffer`), and ends the
//! connection when nobody uses it any more or nothing is heard. When it breaks, its subscriptions end with an error; who
//! holds them (the subscription hub) asks for them again, and `pace` spreads what then comes at once.

mod buffer;
mod dial;
mod fault;
mod gate;
mod key;
mod link;
mod meters;
mod operation;
mod operations;
mod pace;
mod parts;
mod pool;
mod renew;
mod session;
mod splice;
mod stream_transport;
mod transport;
mod wire;

pub(super) use transport::LiveTransport;

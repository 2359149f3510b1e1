//! The event bus: at least once, ordered per subject; in process or over Redis Streams.

mod in_process;
mod port;
mod redis_streams;

pub use in_process::InProcessBus;
pub use port::{BusError, Consumer, Delivery, EventBus, TailFrom, Topic};
pub use redis_streams::RedisBus;

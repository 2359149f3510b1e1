//! The event bus: at least once, ordered per subject; in process or over Redis Streams.

mod in_process;
mod port;
mod redis_streams;
mod topic_log;

pub use in_process::InProcessBus;
pub use port::{BusError, BusSettings, Consumer, DeadLetter, Delivery, EventBus, Followed, TailFrom, Topic};
pub use redis_streams::RedisBus;

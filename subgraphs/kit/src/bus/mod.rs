//! The event bus: at least once, ordered per subject; in process or over Redis Streams.

mod archive;
mod dead_letter;
mod folder;
mod in_process;
mod port;
mod redis_streams;
mod topic_log;
mod worker;

pub use archive::{EventArchive, Kept, ReadFrom};
pub use dead_letter::{Burial, DeadLetter};
pub use folder::{EventsFolder, run_spool};
pub use in_process::InProcessBus;
pub use port::{BusError, BusSettings, Consumer, Delivery, EventBus, Followed, Origin, TailFrom, Topic};
pub use redis_streams::RedisBus;
pub use worker::{Handle, Handled, work};

//! The store on a MongoDB server, by the official driver.
//!
//! It uses inserts under a unique `_id`, conditional replacement of one document, and indexes: no transactions, change
//! streams or TTL indexes, so that FerretDB 1.x serves for tests. FerretDB 1.x reads and then writes where MongoDB
//! replaces in one step; writes to one document are therefore queued within the process, which costs nothing on
//! MongoDB and makes FerretDB safe for one process.

mod collections;
mod store;

pub use store::MongodbStore;

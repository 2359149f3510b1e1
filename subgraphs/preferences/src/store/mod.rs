//! Where customers and their behaviour are kept: one trait, two engines.
//!
//! The store needs nothing but atomic changes of single documents, which every document store gives: a customer and
//! the events about it are one document, and each behaviour event carries its own mark of publication. Every change
//! replaces a document under the condition that its `writeVersion` is the one that was read.

mod behaviour_document;
mod customer_document;
mod embedded;
mod lease;
mod moment;
mod mongodb;
mod open;
mod outbox;
mod port;

pub use behaviour_document::BehaviourDocument;
pub use customer_document::{CustomerDocument, SCHEMA_VERSION};
pub use embedded::EmbeddedStore;
pub use moment::Moment;
pub use mongodb::MongodbStore;
pub use open::{OpenOptions, open};
pub use outbox::StoreOutbox;
pub use port::{CustomerStore, LeaseRequest, StoreError};

//! Kept answers of subgraphs: per entity, or per fetch of root fields.
//!
//! What may be kept is said by the subgraph (`hint`) and the schema, and lowered by configuration (`profile`). A piece is
//! found by all the bytes of what was asked (`piece`), carries what it has read (`observe`, `tag`), and is true as long
//! as none of that was evicted after its fetch began (`marks`). One fetch serves all who want the same at the same time
//! (`flights`). Gateways can share what they keep (`second_level`).

mod answer;
mod answers;
mod ask;
mod changed;
mod event;
mod flights;
mod hint;
mod look_further;
mod marks;
mod observe;
mod piece;
mod profile;
mod reads;
mod second_level;
mod selection;
mod settle;
mod source;
mod store;
mod tag;
mod types;
mod watch;

pub use answers::{AnswerCache, Attention, SchemaCache};
pub use ask::{Answered, Asking, Fetched, Missing};
pub use changed::MutationUnderWay;
pub use event::{EntityEvent, KeyValue};
pub use piece::Piece;
pub use profile::{FetchProfile, OperationProfile};
pub use reads::Reads;
pub use source::{EntityEvents, EventSource};
pub use watch::{Standing, Watch};

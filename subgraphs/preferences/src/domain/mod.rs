//! What a customer is and what may change about one: pure rules, without a database, a web framework or a clock.

mod behaviour;
mod consent;
mod customer;
mod identifier;
mod profile;
mod refusal;
mod wishlist;

pub use behaviour::{
    Attribution, BehaviourDraft, BehaviourEvent, BehaviourKind, MAX_EVENTS_PER_CALL, RecordedBehaviour,
    validate_behaviour,
};
pub use consent::{Consent, ConsentChange, ConsentEntry, MAX_CONSENT_HISTORY};
pub use customer::{Announcement, Customer, Decided, Decision};
pub use identifier::{is_valid_identifier, to_milliseconds_precision};
pub use profile::{GarmentSize, ProfileChange, StyleProfile};
pub use refusal::{Refusal, RefusalCode};
pub use wishlist::{MAX_WISHLIST_ITEMS, PageError, PageRequest, WishlistCursor, WishlistItem, WishlistPage, page_of};

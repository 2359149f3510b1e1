//! What the shop recommends and why, as pure functions and plain data: no clock, no lock, no I/O.

mod behaviour;
mod candidate;
mod likeness;
mod product;
mod profile;
mod rank;
mod reason;
mod recency;
mod score;
mod stock;

pub use behaviour::{Behaviour, BehaviourKind};
pub use candidate::{Candidate, Link, Source};
pub use likeness::dot_product;
pub use product::{Product, ProductId, Sku, Variant};
pub use profile::{Affinity, Consent, GarmentSize, StyleProfile};
pub use rank::{DiversityLimits, Traits, diversify};
pub use reason::{Reason, ReasonCode, explain};
pub use recency::RecencyMap;
pub use score::{Scored, SourceWeights, blend, round_score};
pub use stock::{Badge, StockState};

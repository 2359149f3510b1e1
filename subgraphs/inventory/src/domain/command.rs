//! What callers want done.

use serde::Serialize;

/// A wish to change stock; all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Add to or take from on hand.
    Adjust(Vec<Change>),
    /// Hold pieces for an order.
    Reserve(Vec<Want>),
    /// Give held pieces back.
    Release(Vec<Hold>),
    /// Give back the pieces of holds that ran out.
    Expire(Vec<Hold>),
    /// Set all quantities, as a seed or an import does.
    Load(Vec<Target>),
}

/// A change of on hand at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The variant's SKU.
    pub sku: String,
    /// The location.
    pub location_id: String,
    /// Pieces to add; negative takes away.
    pub delta: i32,
    /// The level's version as the caller last read it; 0 for a level that never was.
    pub expected_version: Option<i64>,
}

/// Pieces wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The variant's SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i32,
    /// The location to take them from; by priority when absent.
    pub location_id: Option<String>,
}

/// Pieces held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The variant.
    pub variant_id: String,
    /// Where they lie.
    pub location_id: String,
    /// Pieces.
    pub quantity: i32,
}

/// Quantities that a level shall have. Committed is not set: it belongs to reservations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The variant's SKU.
    pub sku: String,
    /// The location.
    pub location_id: String,
    /// Pieces there.
    pub on_hand: i32,
    /// Pieces kept back.
    pub safety_stock: i32,
    /// Pieces on their way.
    pub incoming: i32,
}

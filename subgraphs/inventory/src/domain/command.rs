//! What callers want done.

use serde::Serialize;

use super::{EventKind, Quantities, QuantityName};

/// A wish to change stock; all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Add to or take from the quantities under one name.
    Adjust {
        /// Which quantity.
        name: QuantityName,
        /// Why.
        kind: EventKind,
        /// By how much, where.
        changes: Vec<Change>,
    },
    /// Move pieces between names, or between locations.
    Move(Vec<Move>),
    /// Make the quantities under one name what they were found to be.
    Set {
        /// Available or on hand.
        name: QuantityName,
        /// Why.
        kind: EventKind,
        /// Whether what the caller had read does not matter.
        ignore_compare_quantity: bool,
        /// To what, where.
        quantities: Vec<SetQuantity>,
    },
    /// Hold pieces for an order.
    Reserve(Vec<Want>),
    /// Give held pieces back.
    Release(Vec<Hold>),
    /// Give back the pieces of holds that ran out.
    Expire(Vec<Hold>),
    /// Set all quantities, as a seed or an import does.
    Load(Vec<Target>),
    /// Move pieces of orders.
    Order(Vec<PieceMove>),
    /// Move pieces that are on their way, or came.
    Supply(Vec<PieceMove>),
}

/// A change of one quantity at one location.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    /// The variant's SKU.
    pub sku: String,
    /// The location.
    pub location_id: String,
    /// Pieces to add; negative takes away.
    pub delta: i32,
    /// The level's version as the caller last read it; 0 for a level that never was.
    pub expected_version: Option<i64>,
    /// The quantity as the caller last read it. Left out of the request's hash when absent, as it was before it existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_from_quantity: Option<i32>,
}

/// Pieces that go from one place to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The variant's SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i32,
    /// Where they are.
    pub from: MoveEnd,
    /// Where they go.
    pub to: MoveEnd,
}

/// One end of a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveEnd {
    /// The location.
    pub location_id: String,
    /// Under which name.
    pub name: QuantityName,
    /// The quantity as the caller last read it.
    pub change_from_quantity: Option<i32>,
}

/// A quantity that was found at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetQuantity {
    /// The variant's SKU.
    pub sku: String,
    /// The location.
    pub location_id: String,
    /// What it shall be.
    pub quantity: i32,
    /// What it was when the caller last read it.
    pub change_from_quantity: Option<i32>,
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
    /// Whether fewer are better than none.
    pub is_partial: bool,
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

/// A move of pieces that belong to an order, or that are on their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceMove {
    /// Why.
    pub kind: EventKind,
    /// The variant.
    pub variant_id: String,
    /// Where.
    pub location_id: String,
    /// What is added to each quantity.
    pub change: Quantities,
}

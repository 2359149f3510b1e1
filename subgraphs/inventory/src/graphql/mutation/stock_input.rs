//! What changes of stock by staff are told.

use async_graphql::{Enum, Error, ID, InputObject};

use crate::{
    command::{self, AdjustQuantities, MoveQuantities, SetQuantities},
    domain::{Change, Move, MoveEnd, SetQuantity},
    graphql::{
        limits::{reference, storable},
        types::InventoryQuantityName,
    },
};

#[derive(InputObject)]
pub(crate) struct InventoryAdjustQuantitiesInput {
    /// Which quantity. What is AVAILABLE, RESERVED, DAMAGED, in QUALITY_CONTROL or SAFETY_STOCK is also on hand, and so
    /// changes with it. COMMITTED belongs to reservations and orders and is refused.
    #[graphql(default_with = "InventoryQuantityName::OnHand")]
    name: InventoryQuantityName,
    reason: AdjustmentReason,
    /// Free text or URI of the document behind this change.
    reference_document_uri: Option<String>,
    /// 1 to 250.
    changes: Vec<InventoryChangeInput>,
}

#[derive(InputObject)]
pub(crate) struct InventoryChangeInput {
    sku: String,
    location_id: ID,
    delta: i32,
    /// Optimistic guard: the level's version as last read.
    expected_version: Option<i32>,
    /// Optimistic guard: the quantity as last read.
    change_from_quantity: Option<i32>,
}

#[derive(InputObject)]
pub(crate) struct InventoryMoveQuantitiesInput {
    reason: AdjustmentReason,
    /// Free text or URI of the document behind this change.
    reference_document_uri: Option<String>,
    /// 1 to 250.
    changes: Vec<InventoryMoveInput>,
}

#[derive(InputObject)]
pub(crate) struct InventoryMoveInput {
    sku: String,
    /// Pieces, at least 1.
    quantity: i32,
    from: InventoryMoveEndInput,
    to: InventoryMoveEndInput,
}

#[derive(InputObject)]
pub(crate) struct InventoryMoveEndInput {
    location_id: ID,
    /// AVAILABLE, RESERVED, DAMAGED, QUALITY_CONTROL or SAFETY_STOCK; AVAILABLE when the location changes.
    #[graphql(default_with = "InventoryQuantityName::Available")]
    name: InventoryQuantityName,
    /// Optimistic guard: the quantity as last read.
    change_from_quantity: Option<i32>,
}

#[derive(InputObject)]
pub(crate) struct InventorySetQuantitiesInput {
    /// AVAILABLE or ON_HAND.
    name: InventoryQuantityName,
    reason: AdjustmentReason,
    /// Free text or URI of the document behind this change.
    reference_document_uri: Option<String>,
    /// Sets without `changeFromQuantity`. What was sold since the count is lost then.
    #[graphql(default)]
    ignore_compare_quantity: bool,
    /// 1 to 250, each of another level.
    quantities: Vec<InventorySetQuantityInput>,
}

#[derive(InputObject)]
pub(crate) struct InventorySetQuantityInput {
    sku: String,
    location_id: ID,
    quantity: i32,
    /// The quantity as last read; needed unless `ignoreCompareQuantity` is true.
    change_from_quantity: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "command::AdjustmentReason")]
pub(crate) enum AdjustmentReason {
    Received,
    Correction,
    CycleCount,
    Damaged,
    Returned,
    Shrinkage,
    Transfer,
    QualityControl,
    SetAside,
    SafetyStock,
    Other,
}

/// # Errors
///
/// `BAD_USER_INPUT` when a text cannot be stored.
fn check_level(sku: &str, location_id: &ID) -> Result<(), Error> {
    storable("sku", sku)?;
    storable("locationId", location_id)?;
    Ok(())
}

impl InventoryAdjustQuantitiesInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text is too long or cannot be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.changes.iter().try_for_each(|change| check_level(&change.sku, &change.location_id))?;
        reference("referenceDocumentUri", self.reference_document_uri.as_deref())
    }
}

impl InventoryMoveQuantitiesInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text is too long or cannot be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        for change in &self.changes {
            check_level(&change.sku, &change.from.location_id)?;
            check_level(&change.sku, &change.to.location_id)?;
        }
        reference("referenceDocumentUri", self.reference_document_uri.as_deref())
    }
}

impl InventorySetQuantitiesInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text is too long or cannot be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.quantities.iter().try_for_each(|one| check_level(&one.sku, &one.location_id))?;
        reference("referenceDocumentUri", self.reference_document_uri.as_deref())
    }
}

impl From<InventoryAdjustQuantitiesInput> for AdjustQuantities {
    fn from(input: InventoryAdjustQuantitiesInput) -> Self {
        let change = |change: InventoryChangeInput| Change {
            sku: change.sku,
            location_id: change.location_id.0,
            delta: change.delta,
            expected_version: change.expected_version.map(i64::from),
            change_from_quantity: change.change_from_quantity,
        };
        Self {
            name: input.name.into(),
            reason: input.reason.into(),
            reference: input.reference_document_uri,
            changes: input.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<InventoryMoveQuantitiesInput> for MoveQuantities {
    fn from(input: InventoryMoveQuantitiesInput) -> Self {
        let end = |end: InventoryMoveEndInput| MoveEnd {
            location_id: end.location_id.0,
            name: end.name.into(),
            change_from_quantity: end.change_from_quantity,
        };
        let change = |change: InventoryMoveInput| Move {
            sku: change.sku,
            quantity: change.quantity,
            from: end(change.from),
            to: end(change.to),
        };
        Self {
            reason: input.reason.into(),
            reference: input.reference_document_uri,
            changes: input.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<InventorySetQuantitiesInput> for SetQuantities {
    fn from(input: InventorySetQuantitiesInput) -> Self {
        let quantity = |one: InventorySetQuantityInput| SetQuantity {
            sku: one.sku,
            location_id: one.location_id.0,
            quantity: one.quantity,
            change_from_quantity: one.change_from_quantity,
        };
        Self {
            name: input.name.into(),
            reason: input.reason.into(),
            reference: input.reference_document_uri,
            ignore_compare_quantity: input.ignore_compare_quantity,
            quantities: input.quantities.into_iter().map(quantity).collect(),
        }
    }
}

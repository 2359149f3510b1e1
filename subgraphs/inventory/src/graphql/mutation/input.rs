//! What mutations are told.

use async_graphql::{Enum, Error, ID, InputObject};

use crate::{
    command::{self, AdjustQuantities, ReserveLine, ReserveStock},
    domain::Change,
    graphql::limits::{reference, storable},
};

#[derive(InputObject)]
pub(crate) struct InventoryAdjustQuantitiesInput {
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
    Other,
}

#[derive(InputObject)]
pub(crate) struct ReserveStockInput {
    /// 1 to 100.
    lines: Vec<ReserveLineInput>,
    /// Seconds until the hold ends by itself: 10 to 86400, 900 when absent.
    ttl_seconds: Option<i32>,
    /// Cart or checkout that this is for.
    reference: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct ReserveLineInput {
    sku: String,
    quantity: i32,
    location_id: Option<ID>,
}

impl InventoryAdjustQuantitiesInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text is too long or cannot be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        for change in &self.changes {
            storable("sku", &change.sku)?;
            storable("locationId", &change.location_id)?;
        }
        reference("referenceDocumentUri", self.reference_document_uri.as_deref())
    }
}

impl ReserveStockInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text is too long or cannot be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        for line in &self.lines {
            storable("sku", &line.sku)?;
            storable("locationId", line.location_id.as_deref().map_or("", String::as_str))?;
        }
        reference("reference", self.reference.as_deref())
    }
}

impl From<InventoryAdjustQuantitiesInput> for AdjustQuantities {
    fn from(input: InventoryAdjustQuantitiesInput) -> Self {
        let change = |change: InventoryChangeInput| Change {
            sku: change.sku,
            location_id: change.location_id.0,
            delta: change.delta,
            expected_version: change.expected_version.map(i64::from),
        };
        Self {
            reason: input.reason.into(),
            reference: input.reference_document_uri,
            changes: input.changes.into_iter().map(change).collect(),
        }
    }
}

impl From<ReserveStockInput> for ReserveStock {
    fn from(input: ReserveStockInput) -> Self {
        let line = |line: ReserveLineInput| ReserveLine {
            sku: line.sku,
            quantity: line.quantity,
            location_id: line.location_id.map(|id| id.0),
        };
        Self {
            lines: input.lines.into_iter().map(line).collect(),
            ttl_seconds: input.ttl_seconds,
            reference: input.reference,
        }
    }
}

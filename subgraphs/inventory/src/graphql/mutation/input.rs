//! What reservations are told.

use async_graphql::{Error, ID, InputObject};

use crate::{
    command::{ReserveLine, ReserveStock},
    graphql::limits::{reference, storable},
};

#[derive(InputObject)]
pub(crate) struct ReserveStockInput {
    /// 1 to 100.
    lines: Vec<ReserveLineInput>,
    /// Seconds until the hold ends by itself: 10 to 86400, 900 when absent.
    ttl_seconds: Option<i32>,
    /// Cart or checkout that this is for.
    reference: Option<String>,
    /// Hold what there is when it is less than what is wanted.
    #[graphql(default)]
    allow_partial: bool,
}

#[derive(InputObject)]
pub(crate) struct ReserveLineInput {
    sku: String,
    quantity: i32,
    location_id: Option<ID>,
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
            allow_partial: input.allow_partial,
        }
    }
}

//! Amounts of money.

use async_graphql::SimpleObject;

/// Money in minor units (cents for EUR).
#[derive(Debug, Clone, SimpleObject)]
#[graphql(shareable)]
pub(crate) struct Money {
    pub(crate) amount: i64,
    pub(crate) currency_code: String,
}

#[derive(Debug, SimpleObject)]
pub(crate) struct PriceRange {
    pub(crate) min: Money,
    pub(crate) max: Money,
}

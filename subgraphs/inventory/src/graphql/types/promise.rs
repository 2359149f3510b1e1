//! What was promised of what is on its way.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    domain::StockPolicy,
    entity::{order_promise, promise_entry, sell_policy, variant},
    graphql::loaders::{EntriesOfPromise, PromiseOfLine, SellPolicyOfVariant, loaders},
    store::badges,
};

/// The most entries of one history.
const ENTRIES_MAX: usize = 250;

/// Pieces of an order line that were promised of what is on its way.
pub(crate) struct OrderPromise(pub(super) Arc<order_promise::Model>);

/// What happened to a promise.
#[derive(SimpleObject)]
pub(crate) struct OrderPromiseEntry {
    /// MADE, MOVED, KEPT or GIVEN_UP.
    kind: String,
    /// When the pieces were expected before.
    from: Option<DateTime<Utc>>,
    /// When they are expected since; null when nothing is on its way for some of them.
    to: Option<DateTime<Utc>>,
    /// Pieces that still waited after it.
    waiting_quantity: i32,
    reason: String,
    revision: i64,
    occurred_at: DateTime<Utc>,
}

impl OrderPromise {
    /// The promise of an order line, if there was one.
    pub(super) async fn of_line(ctx: &Context<'_>, line_id: &str) -> Result<Option<Self>, Error> {
        Ok(loaders(ctx)?.load_one(PromiseOfLine(line_id.to_owned())).await?.map(Self))
    }

    /// Pieces that are not there yet.
    pub(super) fn waiting(&self) -> i32 {
        self.0.waiting_quantity
    }

    /// When all that wait are expected.
    pub(super) fn expected(&self) -> Option<DateTime<Utc>> {
        self.0.expected_at.filter(|_| self.0.waiting_quantity > 0)
    }
}

#[Object(cache_control(private, no_cache))]
impl OrderPromise {
    /// Pieces that were promised.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// Pieces that are not there yet.
    async fn waiting_quantity(&self) -> i32 {
        self.0.waiting_quantity
    }

    /// When all that wait are expected; null when nothing is on its way for some of them, and when none wait.
    async fn expected_at(&self) -> Option<DateTime<Utc>> {
        self.expected()
    }

    /// What was promised first.
    async fn first_expected_at(&self) -> DateTime<Utc> {
        self.0.first_expected_at
    }

    async fn promised_at(&self) -> DateTime<Utc> {
        self.0.promised_at
    }

    /// Grows with every change.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// What happened to it, oldest first; at most 250.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<OrderPromiseEntry>, Error> {
        let rows = loaders(ctx)?.load_one(EntriesOfPromise(self.0.order_line_id.clone())).await?;
        let entry = |row: &Arc<promise_entry::Model>| OrderPromiseEntry {
            kind: row.kind.clone(),
            from: row.from_at,
            to: row.to_at,
            waiting_quantity: row.waiting_quantity,
            reason: row.reason.clone(),
            revision: row.revision,
            occurred_at: row.occurred_at,
        };
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).map(entry).collect())
    }
}

/// What happens when the stock of a variant does not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StockPolicy")]
pub(crate) enum SellPolicyKind {
    /// Nothing more is sold.
    Deny,
    /// What is on its way is promised.
    Backorder,
    /// The same, of what is not out yet.
    Preorder,
}

/// How a variant sells beyond its stock.
#[derive(SimpleObject)]
pub(crate) struct SellPolicy {
    policy: SellPolicyKind,
    /// Nothing is promised before.
    starts_at: Option<DateTime<Utc>>,
    /// Nothing is promised from then on.
    ends_at: Option<DateTime<Utc>>,
    /// The most pieces that may wait at once; null for as many as are coming.
    limit: Option<i32>,
}

impl SellPolicy {
    pub(super) async fn of(ctx: &Context<'_>, variant: &variant::Model) -> Result<Self, Error> {
        let row = loaders(ctx)?.load_one(SellPolicyOfVariant(variant.id.clone())).await?;
        let of = |read: fn(&sell_policy::Model) -> Option<DateTime<Utc>>| row.as_ref().and_then(|row| read(row));
        Ok(Self {
            policy: badges::policy(&variant.stock_policy)?.into(),
            starts_at: of(|row| row.starts_at),
            ends_at: of(|row| row.ends_at),
            limit: row.as_ref().and_then(|row| row.promise_limit),
        })
    }
}

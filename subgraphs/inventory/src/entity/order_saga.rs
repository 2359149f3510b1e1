//! How far the placing of an order is, and who is at it.

use sea_orm::entity::prelude::*;

/// How far the placing of an order is, and who is at it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_saga")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: String,
    /// `Step` as text.
    pub step: String,
    /// How often this step was begun.
    pub attempts: i32,
    /// When it is due.
    pub next_attempt_at: DateTimeUtc,
    /// When a payment that is not answered is given up.
    pub deadline_at: DateTimeUtc,
    /// The process that is at it.
    pub lease_owner: Option<String>,
    /// Grows with every lease: what is done under an older one is refused.
    pub lease_token: i64,
    /// When the lease ends by itself.
    pub leased_until: Option<DateTimeUtc>,
    /// The provider's token of how to pay; gone when the order is placed or given up.
    pub payment_method: Option<String>,
    /// The total that the customer had seen.
    pub expected_total_minor: Option<i64>,
    /// Holds of the same customer that this order takes over.
    #[sea_orm(column_type = "JsonBinary")]
    pub reservation_ids: Json,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

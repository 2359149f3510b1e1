//! An order.

use sea_orm::entity::prelude::*;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_order")]
pub struct Model {
    /// For people; given in order, with gaps.
    #[sea_orm(primary_key)]
    pub number: i64,
    /// Made of randomness alone: who is not signed in proves to be its owner by knowing it.
    pub id: String,
    /// The cart behind it.
    pub cart_id: String,
    /// Whose it is.
    pub actor: String,
    /// Where it was sold.
    pub channel: String,
    /// `OrderStatus` as text.
    pub status: String,
    /// `FinancialStatus` as text.
    pub financial_status: String,
    /// `FulfillmentStatus` as text.
    pub fulfillment_status: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Sum of the lines in minor units.
    pub subtotal_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
    /// Held by the customer's bank and not taken.
    pub authorized_minor: i64,
    /// Taken.
    pub captured_minor: i64,
    /// Given back.
    pub refunded_minor: i64,
    /// Personal: where to write to.
    pub email: Option<String>,
    /// Personal: where to send it.
    #[sea_orm(column_type = "JsonBinary")]
    pub shipping: Option<Json>,
    /// Where it is fetched; sent when absent.
    pub pickup_location_id: Option<String>,
    /// What holds its pieces until it is placed.
    pub reservation_id: Option<String>,
    /// `ErrorCode` of why it was not placed.
    pub failure_code: Option<String>,
    /// Why it was cancelled, or not placed.
    pub cancel_reason: Option<String>,
    /// When it was cancelled, or given up.
    pub cancelled_at: Option<DateTimeUtc>,
    /// Grows with every change.
    pub revision: i64,
    /// The request that made it.
    pub correlation_id: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

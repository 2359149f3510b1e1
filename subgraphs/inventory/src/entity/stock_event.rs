//! One entry of the append-only ledger.

use sea_orm::entity::prelude::*;

/// One entry of the append-only ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_event")]
pub struct Model {
    /// Order of appending.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// UUIDv7 text.
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// The level version after this event.
    pub version: i64,
    /// `EventKind` as text.
    pub kind: String,
    /// Change of on hand.
    pub on_hand_delta: i32,
    /// Change of committed.
    pub committed_delta: i32,
    /// Change of reserved.
    pub reserved_delta: i32,
    /// Change of damaged.
    pub damaged_delta: i32,
    /// Change of quality control.
    pub quality_control_delta: i32,
    /// Change of safety stock.
    pub safety_stock_delta: i32,
    /// Change of incoming.
    pub incoming_delta: i32,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// The document or cart behind it.
    pub reference: Option<String>,
    /// The reservation behind it.
    pub reservation_id: Option<String>,
    /// The request behind it.
    pub correlation_id: String,
    /// The key of that request.
    pub idempotency_key: Option<String>,
    /// When.
    pub occurred_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

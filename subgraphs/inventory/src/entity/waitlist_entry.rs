//! A customer who waits for a variant.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A customer who waits for a variant, or once did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "waitlist_entry")]
pub struct Model {
    /// The order of joining.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// UUIDv7 text.
    pub id: String,
    /// Who.
    pub customer_token: String,
    /// What for.
    pub variant_id: String,
    /// Through which channel; empty for any.
    pub channel: String,
    /// How many pieces.
    pub quantity: i32,
    /// `WaitStatus` as text.
    pub status: String,
    /// When they joined.
    pub joined_at: DateTimeUtc,
    /// When they were told.
    pub notified_at: Option<DateTimeUtc>,
    /// Of how many pieces.
    pub offered: Option<i32>,
    /// Until when these count as theirs.
    pub offer_expires_at: Option<DateTimeUtc>,
    /// When it was over.
    pub ended_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

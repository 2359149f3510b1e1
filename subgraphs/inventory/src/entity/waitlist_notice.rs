//! What has to be told to a customer who waited.

use sea_orm::entity::prelude::*;

/// What has to be told to a customer who waited.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waitlist_notice")]
pub struct Model {
    /// The entry that it is about: one notice each.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: String,
    /// The place of that entry in the order of joining.
    pub seq: i64,
    /// The variant.
    pub variant_id: String,
    /// `PENDING`, `DELIVERED` or `DEAD`.
    pub status: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: DateTimeUtc,
    /// Until when a process is at it.
    pub leased_until: Option<DateTimeUtc>,
    /// Grows with every lease, so that who lost one settles nothing.
    pub lease_token: i64,
    /// Why it was not delivered.
    pub last_error: Option<String>,
    /// When it was decided.
    pub created_at: DateTimeUtc,
    /// When it was delivered or given up.
    pub settled_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

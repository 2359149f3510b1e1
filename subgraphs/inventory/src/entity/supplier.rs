//! Who we buy from.

use sea_orm::entity::prelude::*;

/// Who we buy from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique short name.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whom to ask for.
    pub contact_name: Option<String>,
    /// Where to write to.
    pub email: Option<String>,
    /// Where to call.
    pub phone: Option<String>,
    /// Days from an order to its arrival.
    pub lead_time_days: i32,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether nothing more is bought there.
    pub archived: bool,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

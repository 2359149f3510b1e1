//! A part of a count that was applied.

use sea_orm::entity::prelude::*;

/// A part of a count that was applied.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation")]
pub struct Model {
    /// SHA-256 of the file.
    #[sea_orm(primary_key, auto_increment = false)]
    pub content_hash: String,
    /// Which quantity was counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quantity: String,
    /// Which part of the file, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: i32,
    /// The name of the file.
    pub file: String,
    /// When.
    pub applied_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pieces of one variant held at one location.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Pieces of one variant held at one location.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "reservation_line")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The reservation.
    pub reservation_id: String,
    /// Order, from 1.
    pub position: i32,
    /// The variant.
    pub variant_id: String,
    /// Where they are.
    pub location_id: String,
    /// Pieces.
    pub quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! At how many pieces staff wants to hear of a variant.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// At how many pieces staff wants to hear of a variant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "stock_alert_threshold")]
pub struct Model {
    /// The variant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: String,
    /// Where; empty for over all locations.
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    /// At so many pieces or fewer.
    pub threshold: i32,
    /// Who set it.
    pub updated_by: String,
    /// When.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

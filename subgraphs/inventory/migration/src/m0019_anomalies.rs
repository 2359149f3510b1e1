//! What goes and what is corrected by hand, added up, so that what is odd is found without reading the ledger; and how far
//! the ledger was compared with levels.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement,
        async_trait,
    },
    schema::{big_integer, text, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 3] = ["anomaly_state", "anomaly_correction", "anomaly_outflow"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [anomaly_outflow(), anomaly_correction(), anomaly_state()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// For taking away what is too old.
const INDEXES: &str = "
CREATE INDEX anomaly_outflow_by_time ON anomaly_outflow (window_start);
CREATE INDEX anomaly_correction_by_day ON anomaly_correction (day);
";

/// Pieces of a variant that went within a window, which begins so many seconds after 1970.
fn anomaly_outflow() -> TableCreateStatement {
    Table::create()
        .table("anomaly_outflow")
        .col(text("variant_id"))
        .col(big_integer("window_start"))
        .col(big_integer("pieces"))
        .primary_key(Index::create().col("variant_id").col("window_start"))
        .take()
}

/// What was corrected of a variant at a location by somebody, on a day counted from 1970.
fn anomaly_correction() -> TableCreateStatement {
    Table::create()
        .table("anomaly_correction")
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(big_integer("day"))
        .col(text("actor"))
        .col(big_integer("by_hand"))
        .col(big_integer("losses"))
        .col(big_integer("lost"))
        .primary_key(Index::create().col("variant_id").col("location_id").col("day").col("actor"))
        .take()
}

/// What the sums were made for, and who compares the ledger next.
fn anomaly_state() -> TableCreateStatement {
    Table::create()
        .table("anomaly_state")
        .col(text("name").primary_key())
        .col(text("value"))
        .col(timestamp_with_time_zone_null("due_at"))
        .take()
}

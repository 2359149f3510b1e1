//! Reading the ledger: by variant in the order of time, and in the order of commits; and what is projected from it.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement,
        async_trait,
    },
    schema::{big_integer, boolean, integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // Sequence numbers are given before commit, so that a smaller one can become visible after a greater one: who
        // follows the ledger goes by transaction. What is there already was committed long ago. SQLite has one writer.
        connection.execute_unprepared("ALTER TABLE stock_event ADD COLUMN txid bigint NOT NULL DEFAULT 0").await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            connection.execute_unprepared(TXID_POSTGRES).await?;
        }
        connection.execute_unprepared(INDEXES).await?;
        for table in [projection(), projected_level(), projected_movement()] {
            manager.create_table(table).await?;
        }
        connection.execute_unprepared(PROJECTED_INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["projected_movement", "projected_level", "projection"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX stock_event_by_variant; DROP INDEX stock_event_in_order;").await?;
        connection.execute_unprepared("ALTER TABLE stock_event DROP COLUMN txid").await?;
        Ok(())
    }
}

const TXID_POSTGRES: &str =
    "ALTER TABLE stock_event ALTER COLUMN txid SET DEFAULT (pg_current_xact_id()::text::bigint)";

const INDEXES: &str = "
CREATE INDEX stock_event_by_variant ON stock_event (variant_id, occurred_at, seq);
CREATE INDEX stock_event_in_order ON stock_event (txid, seq);
";

const PROJECTED_INDEXES: &str = "
CREATE UNIQUE INDEX projection_serving ON projection (name) WHERE serving;
CREATE INDEX projected_level_scarcest ON projected_level (generation, available, id);
CREATE INDEX projected_level_scarcest_there ON projected_level (generation, location_id, available, id);
";

/// Generations of projections: one is served, a later one is being built.
fn projection() -> TableCreateStatement {
    Table::create()
        .table("projection")
        .col(text("name"))
        .col(big_integer("generation"))
        .col(boolean("serving"))
        // The last event that was taken in, in the order of (txid, seq).
        .col(big_integer("txid"))
        .col(big_integer("seq"))
        // On PostgreSQL: every transaction before this one was taken in.
        .col(big_integer("horizon"))
        .col(timestamp_with_time_zone_null("caught_up_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .primary_key(Index::create().col("name").col("generation"))
        .take()
}

fn projected_level() -> TableCreateStatement {
    let mut table = Table::create();
    table.table("projected_level").col(big_integer("generation")).col(text("id")).col(text("variant_id"));
    table.col(text("location_id"));
    for quantity in ["on_hand", "committed", "reserved", "damaged", "quality_control", "safety_stock", "incoming"] {
        table.col(integer(quantity));
    }
    table
        // The number of events that were taken in.
        .col(big_integer("version"))
        .col(integer("available"))
        .primary_key(Index::create().col("generation").col("id"))
        .take()
}

/// What came, went and was promised on one day (of UTC).
fn projected_movement() -> TableCreateStatement {
    Table::create()
        .table("projected_movement")
        .col(big_integer("generation"))
        .col(text("variant_id"))
        .col(text("location_id"))
        .col(text("day"))
        .col(text("kind"))
        .col(big_integer("events"))
        .col(big_integer("pieces_in"))
        .col(big_integer("pieces_out"))
        .col(big_integer("committed"))
        .primary_key(Index::create().col("generation").col("variant_id").col("day").col("location_id").col("kind"))
        .take()
}

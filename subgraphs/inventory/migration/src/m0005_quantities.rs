//! Pieces that are there and cannot be sold, and the check that no more is held than lies there.

use sea_orm_migration::{
    prelude::{ConnectionTrait, DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const QUANTITIES: [&str; 3] = ["reserved", "damaged", "quality_control"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for quantity in QUANTITIES {
            let column = format!("{quantity} integer NOT NULL DEFAULT 0 CHECK ({quantity} >= 0)");
            connection.execute_unprepared(&format!("ALTER TABLE stock_level ADD COLUMN {column}")).await?;
            let column = format!("{quantity}_delta integer NOT NULL DEFAULT 0");
            connection.execute_unprepared(&format!("ALTER TABLE stock_event ADD COLUMN {column}")).await?;
        }
        let guard = if manager.get_database_backend() == DbBackend::Postgres { GUARD_POSTGRES } else { GUARD_SQLITE };
        connection.execute_unprepared(guard).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let guard = if manager.get_database_backend() == DbBackend::Postgres { DROP_POSTGRES } else { DROP_SQLITE };
        connection.execute_unprepared(guard).await?;
        for quantity in QUANTITIES {
            connection.execute_unprepared(&format!("ALTER TABLE stock_level DROP COLUMN {quantity}")).await?;
            connection.execute_unprepared(&format!("ALTER TABLE stock_event DROP COLUMN {quantity}_delta")).await?;
        }
        Ok(())
    }
}

const GUARD_POSTGRES: &str = "
ALTER TABLE stock_level ADD CONSTRAINT stock_level_held
CHECK (committed::bigint + reserved + damaged + quality_control <= on_hand)";
const DROP_POSTGRES: &str = "ALTER TABLE stock_level DROP CONSTRAINT stock_level_held";

/// SQLite adds no check over several columns to a table that is there, other than with a column.
const GUARD_SQLITE: &str = "
ALTER TABLE stock_level ADD COLUMN held integer GENERATED ALWAYS AS
(committed + reserved + damaged + quality_control) VIRTUAL
CONSTRAINT stock_level_held CHECK (committed + reserved + damaged + quality_control <= on_hand)";
const DROP_SQLITE: &str = "ALTER TABLE stock_level DROP COLUMN held";

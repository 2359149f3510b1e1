//! A sale changes its rows in place: no index hangs on what it changes, and pages keep room for the new version of a row.
//!
//! PostgreSQL writes the new version of a row without a touch to any index when no indexed column changed, the predicate of
//! a partial index counted in, and the page has room. The index over variants with stock was used by no query, and made each
//! sale write to all indexes of the variant.

use sea_orm_migration::{
    prelude::{ConnectionTrait, DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const SOLD: [&str; 2] = ["variant", "stock_level"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX variant_available").await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            for table in SOLD {
                connection.execute_unprepared(&format!("ALTER TABLE {table} SET (fillfactor = 80)")).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            for table in SOLD {
                connection.execute_unprepared(&format!("ALTER TABLE {table} RESET (fillfactor)")).await?;
            }
        }
        let index = "CREATE INDEX variant_available ON variant (product_id) WHERE badge_available > 0";
        connection.execute_unprepared(index).await?;
        Ok(())
    }
}

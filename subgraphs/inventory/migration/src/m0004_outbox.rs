//! Events that wait for the bus.

use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::{
    prelude::{
        ColumnDef, ConnectionTrait, DbErr, DeriveMigrationName, Expr, MigrationTrait, SchemaManager, Table, async_trait,
    },
    schema::{big_pk_auto, json_binary, text, timestamp_with_time_zone, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut outbox = Table::create();
        outbox
            .table("outbox")
            .col(big_pk_auto("id"))
            .col(text("subject"))
            .col(json_binary("event"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("published_at"));
        // Ids are given before commit, so a smaller id can become visible after a larger one. The reader therefore
        // stays below the oldest transaction still running; SQLite has one writer and needs nothing.
        if manager.get_database_backend() == DbBackend::Postgres {
            outbox.col(ColumnDef::new("txid").custom("xid8").not_null().default(Expr::cust("pg_current_xact_id()")));
        }
        manager.create_table(outbox).await?;
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("outbox").to_owned()).await
    }
}

/// The relay reads the first, pruning the second.
const INDEXES: &str = "
CREATE INDEX outbox_pending ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
";

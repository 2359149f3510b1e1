//! Which parts of which counts were applied: a count is applied once.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{integer, text, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("reconciliation")
            .col(text("content_hash"))
            .col(text("quantity"))
            .col(integer("part"))
            .col(text("file"))
            .col(timestamp_with_time_zone("applied_at"))
            .primary_key(Index::create().col("content_hash").col("quantity").col("part"))
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("reconciliation").to_owned()).await
    }
}

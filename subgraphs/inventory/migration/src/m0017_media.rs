//! How large pictures are.

use sea_orm_migration::{
    prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait},
    schema::integer_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["width", "height"] {
            let added = Table::alter().table("product_image").add_column(integer_null(name)).take();
            manager.alter_table(added).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["width", "height"] {
            manager.alter_table(Table::alter().table("product_image").drop_column(name).take()).await?;
        }
        Ok(())
    }
}

//! Sales channels, and what each of them may sell.

use sea_orm_migration::{
    prelude::{
        DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index, MigrationTrait,
        SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, boolean, integer, text, text_uniq, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [channel(), channel_location(), channel_allocation()] {
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["channel_allocation", "channel_location", "channel"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn channel() -> TableCreateStatement {
    Table::create()
        .table("channel")
        .col(text("id").primary_key())
        .col(text_uniq("code"))
        .col(text("name"))
        .col(boolean("active"))
        .col(integer("safety_stock"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("safety_stock").gte(0))
        .take()
}

/// A channel without rows here sells from every active location, in the locations' own order.
fn channel_location() -> TableCreateStatement {
    Table::create()
        .table("channel_location")
        .col(text("channel_id"))
        .col(text("location_id"))
        .col(integer("priority"))
        .foreign_key(
            ForeignKey::create()
                .from("channel_location", "channel_id")
                .to("channel", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(ForeignKey::create().from("channel_location", "location_id").to("location", "id"))
        .primary_key(Index::create().col("channel_id").col("location_id"))
        .take()
}

/// The row without a variant is for all that have none of their own; a primary key takes no null.
fn channel_allocation() -> TableCreateStatement {
    Table::create()
        .table("channel_allocation")
        .col(text("channel_id"))
        .col(text("variant_id").default(""))
        .col(text("kind"))
        .col(integer("amount"))
        .check(Expr::col("kind").is_in(["SHARE", "LIMIT"]))
        .check(Expr::col("amount").gte(0))
        .check(Expr::col("kind").ne("SHARE").or(Expr::col("amount").lte(100)))
        .foreign_key(
            ForeignKey::create()
                .from("channel_allocation", "channel_id")
                .to("channel", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .primary_key(Index::create().col("channel_id").col("variant_id"))
        .take()
}
